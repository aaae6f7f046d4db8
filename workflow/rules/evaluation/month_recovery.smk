# The months of the maps against those of the simulated planet; only with `fluxes.months`.
#
# needs  the months of every year, the planet's true months
# makes  <results>/months/recovery.csv


rule month_recovery:
    input:
        months=yearly("month_maps"),
        truth=yearly("truth_months"),
        maps=yearly("maps"),
    output:
        recovery="<results>/months/recovery.csv",
    log:
        "<logs>/months/recovery.log",
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        code=code("evaluation.month_recovery"),
    message:
        "Comparing the months with the planet's truth"
    shell:
        'python "$SCRIPTS"/evaluation/month_recovery.py'
        " --months {input.months:q}"
        " --truth {input.truth:q}"
        " --maps {input.maps:q}"
        " --output {output.recovery:q}"
        " --log {log:q}"

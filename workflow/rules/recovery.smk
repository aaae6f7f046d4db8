# The maps of the simulated planet against its truth.
#
# needs  maps and true fluxes of every year, the change of the maps
# makes  <results>/recovery/recovery.csv


rule recovery:
    input:
        maps=yearly("maps"),
        truth=yearly("truth"),
        change="<results>/change/change.json",
    output:
        recovery="<results>/recovery/recovery.csv",
    log:
        "<logs>/recovery/recovery.log",
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        settings=settings(
            pair=CONFIG.change.pair,
            bands=CONFIG.change.bands,
            alpha=CONFIG.change.alpha,
        ),
        code=code("recovery"),
        years=YEARS,
    message:
        "Comparing the maps with the planet's truth"
    shell:
        'python "$SCRIPTS"/recovery.py'
        " --years {params.years}"
        " --maps {input.maps:q}"
        " --truth {input.truth:q}"
        " --change {input.change:q}"
        " --settings {params.settings:q}"
        " --output {output.recovery:q}"
        " --log {log:q}"

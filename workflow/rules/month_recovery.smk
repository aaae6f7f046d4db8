# The months of the maps against those of the simulated planet; only with `fluxes.months`.
#
# needs  the months of every year, the planet's settings
# makes  <results>/truth_months/{year}.zarr   the true months, one manifest per job
#        <results>/months/recovery.csv


rule truth_months:
    output:
        manifest="<results>/truth_months/{years}.json",
    log:
        "<logs>/truth_months/{years}.log",
    conda:
        "../../envs/data.yaml"
    params:
        settings=settings(grid=MAP_GRID, seed=CONFIG.seed, planet=CONFIG.planet),
        code=code("truth_months"),
        years=years_of,
    message:
        "Writing the planet's true months, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/truth_months.py'
        " --years {params.years}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


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
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        code=code("month_recovery"),
    message:
        "Comparing the months with the planet's truth"
    shell:
        'python "$SCRIPTS"/month_recovery.py'
        " --months {input.months:q}"
        " --truth {input.truth:q}"
        " --maps {input.maps:q}"
        " --output {output.recovery:q}"
        " --log {log:q}"

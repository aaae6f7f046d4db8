# The maps of the simulated planet against its truth.
#
# needs  maps and true fluxes of every year, the change of the maps
# makes  <results>/recovery/recovery.csv, coverage.csv


rule recovery:
    input:
        maps=yearly("maps"),
        truth=yearly("truth"),
        change="<results>/change/change.json",
        tables=[
            "<results>/change/regions.csv",
            "<results>/change/region_changes.csv",
            "<results>/change/windows.csv",
        ],
        regions=region_files(),
        run_region=run_region_files(),
    output:
        recovery="<results>/recovery/recovery.csv",
        coverage="<results>/recovery/coverage.csv",
    log:
        "<logs>/recovery/recovery.log",
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        settings=settings(change=CONFIG.change, grid=MAP_GRID, region=CONFIG.region),
        code=code("evaluation.recovery"),
        years=YEARS,
    message:
        "Comparing the maps with the planet's truth"
    shell:
        'python "$SCRIPTS"/evaluation/recovery.py'
        " --years {params.years}"
        " --maps {input.maps:q}"
        " --truth {input.truth:q}"
        " --change {input.change:q}"
        " --tables {input.tables:q}"
        " --regions {input.regions:q}"
        " --settings {params.settings:q}"
        " --recovery {output.recovery:q}"
        " --coverage {output.coverage:q}"
        " --log {log:q}"

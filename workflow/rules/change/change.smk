# The change between the pair of years (`change.pair`), and the annual series of all.
#
# needs  the maps of every year; the trained model and the departures of each tile, from which the
#        errors follow
# makes  <results>/change/*.csv
#        <results>/change/change.zarr, and the manifest last


rule change:
    input:
        maps=change_maps,
        model="<results>/model/model.json",
        departures=place_stage("departures"),
        regions=region_files(),
        run_region=run_region_files(),
    output:
        manifest="<results>/change/change.json",
        tables=[
            "<results>/change/totals.csv",
            "<results>/change/regions.csv",
            "<results>/change/pair.csv",
            "<results>/change/region_changes.csv",
            "<results>/change/windows.csv",
            "<results>/change/decomposition.csv",
            "<results>/change/zonal.csv",
            "<results>/change/significance.csv",
            "<results>/change/co2.csv",
        ],
    log:
        "<logs>/change/change.log",
    benchmark:
        "<results>/benchmarks/change.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        settings=settings(
            change=CONFIG.change,
            grid=MAP_GRID,
            region=CONFIG.region,
            level=CONFIG.evaluate.level,
            co2=CONFIG.model.co2,
        ),
        code=code("change.change"),
        years=YEARS,
    message:
        "Analysing the change"
    shell:
        'python "$SCRIPTS"/change/change.py'
        " --years {params.years}"
        " --maps {input.maps:q}"
        " --model {input.model:q}"
        " --departures {input.departures:q}"
        " --regions {input.regions:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --tables {output.tables:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# What drove the change of the pair: the departures of which input, and the area of the forest.
#
# needs  the trained model; the inferred tiles of the pair of years, departures and level of each tile
# makes  <results>/drivers/drivers.csv, drivers.zarr, and the manifest last


rule drivers:
    input:
        model="<results>/model/model.json",
        inferred=[
            manifest
            for places in TILE_BATCHES
            for manifest in of_pair("infer", places)
        ],
        departures=place_stage("departures"),
        levels=place_stage("level"),
    output:
        manifest="<results>/drivers/drivers.json",
        table="<results>/drivers/drivers.csv",
    log:
        "<logs>/drivers/drivers.log",
    benchmark:
        "<results>/benchmarks/drivers.tsv"
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        settings=settings(
            grid=MAP_GRID,
            co2=CONFIG.model.co2,
            pair=CONFIG.change.pair,
            bands=CONFIG.change.bands,
            level=CONFIG.evaluate.level,
        ),
        code=code("change.drivers"),
    message:
        "Collecting what drove the change"
    shell:
        'python "$SCRIPTS"/change/drivers.py'
        " --model {input.model:q}"
        " --inferred {input.inferred:q}"
        " --departures {input.departures:q}"
        " --levels {input.levels:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --table {output.table:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

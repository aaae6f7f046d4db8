# Runs of the model that swap one input's year at a time: what drove the change of the pair.
#
# needs  the trained model; the masked and the inferred tiles of the pair of years
# makes  <results>/counterfactual/{place}.zarr and one manifest per job
#        <results>/counterfactual/drivers.csv, drivers.zarr, and the manifest last


rule counterfactual:
    input:
        model="<results>/model/model.json",
        masked=lambda wildcards: of_pair("mask", wildcards.places),
        inferred=lambda wildcards: of_pair("infer", wildcards.places),
    output:
        manifest="<results>/counterfactual/{places}.json",
    log:
        "<logs>/counterfactual/{places}.log",
    benchmark:
        "<results>/benchmarks/counterfactual.{places}.tsv"
    conda:
        "../../envs/model.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(120),
    params:
        settings=settings(infer=CONFIG.infer.numbers("precision")),
        code=code("counterfactual"),
        places=places_of,
        pair=CONFIG.change.pair,
    message:
        "Swapping the years of the inputs of {wildcards.places}"
    shell:
        'python "$SCRIPTS"/counterfactual.py'
        " --places {params.places}"
        " --pair {params.pair}"
        " --model {input.model:q}"
        " --masked {input.masked:q}"
        " --inferred {input.inferred:q}"
        " --settings {params.settings:q}"
        ' --runtime "$INFER_RUNTIME"'
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


rule drivers:
    input:
        tiles=expand("<results>/counterfactual/{places}.json", places=TILE_BATCHES),
        inferred=[
            manifest
            for places in TILE_BATCHES
            for manifest in of_pair("infer", places)
        ],
    output:
        manifest="<results>/counterfactual/drivers.json",
        table="<results>/counterfactual/drivers.csv",
    log:
        "<logs>/counterfactual/drivers.log",
    benchmark:
        "<results>/benchmarks/drivers.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        settings=settings(
            grid=CONFIG.grid,
            pair=CONFIG.change.pair,
            bands=CONFIG.change.bands,
            level=CONFIG.evaluate.level,
        ),
        code=code("drivers"),
    message:
        "Collecting what drove the change"
    shell:
        'python "$SCRIPTS"/drivers.py'
        " --tiles {input.tiles:q}"
        " --inferred {input.inferred:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --table {output.table:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

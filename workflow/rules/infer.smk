# GPP and RECO of every forest cell of the tiles and years that a job owns, per member.
#
# needs  the trained model and the masked tiles
# makes  <results>/infer/{place}/{year}.zarr and one manifest per job


rule infer:
    input:
        model="<results>/model/model.json",
        manifest="<results>/mask/{places}.{years}.json",
    output:
        manifest="<results>/infer/{places}.{years}.json",
    log:
        "<logs>/infer/{places}.{years}.log",
    benchmark:
        "<results>/benchmarks/infer.{places}.{years}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: config["infer"]["threads"]
    resources:
        mem_mb=growing(1500),
        runtime=lasting(1),
    params:
        settings=settings(
            min_forest_fraction=config["infer"]["min_forest_fraction"],
            precision=config["infer"]["precision"],
        ),
        code=code("infer"),
        places=places_of,
        years=years_of,
    message:
        "Inferring {wildcards.places}, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/infer.py'
        " --places {params.places}"
        " --years {params.years}"
        " --model {input.model:q}"
        " --upstream {input.manifest:q}"
        " --settings {params.settings:q}"
        " --device $DEVICE"
        " --batch-cells $BATCH_CELLS"
        " --workers {threads}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

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
        "../../../envs/model.yaml"
    threads: CONFIG.infer.threads
    resources:
        mem_mb=growing(1500),
        runtime=lasting(1),
    params:
        settings=settings(
            infer=CONFIG.infer,
        ),
        code=code("maps.infer"),
        places=places_of,
        years=years_of,
    message:
        "Inferring {wildcards.places}, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/maps/infer.py'
        " --places {params.places}"
        " --years {params.years}"
        " --model {input.model:q}"
        " --upstream {input.manifest:q}"
        " --settings {params.settings:q}"
        ' --runtime "$INFER_RUNTIME"'
        " --threads {threads}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# A copy of the products on object storage, for those who open them from there.
#
# needs  the products of the years that a job owns, or what all years share
# makes  files below <upload.to>/<run>/ and one record per job


rule upload:
    input:
        products=upload_input,
    output:
        manifest="<results>/upload/{part}.json",
    log:
        "<logs>/upload/{part}.log",
    benchmark:
        "<results>/benchmarks/upload.{part}.tsv"
    conda:
        "../../../envs/publish.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        to=lambda wildcards: f"{CONFIG.upload.to}/{CONFIG.run}",
        code=code("publish.upload"),
        years=lambda wildcards: YEAR_BATCHES.get(wildcards.part, []),
        folder=products_folder,
    message:
        "Copying the products of {wildcards.part} to object storage"
    shell:
        'python "$SCRIPTS"/publish/upload.py'
        " --folder {params.folder:q}"
        " --years {params.years}"
        " --to {params.to:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# Every product on one calendar and one grid; native integers are kept.
#
# needs  the extract stores of the same places and years
# makes  <scratch>/cube/{place}/{year}.zarr and one manifest per job


rule cube:
    input:
        manifest="<scratch>/extract/{places}.{years}.json",
    output:
        manifest="<scratch>/cube/{places}.{years}.json",
    log:
        "<logs>/cube/{places}.{years}.log",
    benchmark:
        "<results>/benchmarks/cube.{places}.{years}.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=lasting(1),
    params:
        products=lambda wildcards: products(wildcards, "cube"),
        code=code("prepare.cube"),
        places=places_of,
        years=years_of,
    message:
        "Cubing {wildcards.places}, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/prepare/cube.py'
        " --places {params.places}"
        " --years {params.years}"
        " --upstream {input.manifest:q}"
        " --products {params.products:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

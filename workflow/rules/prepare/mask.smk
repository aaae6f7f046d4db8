# Physical values where they can be trusted, NaN and a reason where not; nothing is filled.
#
# needs  the cube stores of the same places and years
# makes  <results>/mask/{place}/{year}.zarr and one manifest per job


rule mask:
    input:
        manifest="<scratch>/cube/{places}.{years}.json",
    output:
        manifest="<results>/mask/{places}.{years}.json",
    log:
        "<logs>/mask/{places}.{years}.log",
    benchmark:
        "<results>/benchmarks/mask.{places}.{years}.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=lasting(1),
    params:
        settings=settings(mask=CONFIG.mask),
        products=lambda wildcards: products(wildcards, "mask"),
        code=code("prepare.mask"),
        places=places_of,
        years=years_of,
    message:
        "Masking {wildcards.places}, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/prepare/mask.py'
        " --places {params.places}"
        " --years {params.years}"
        " --upstream {input.manifest:q}"
        " --settings {params.settings:q}"
        " --products {params.products:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

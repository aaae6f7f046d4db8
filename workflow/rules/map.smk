# One global store a year from the inferred tiles.
#
# needs  the inferred tiles of the years that a job owns
# makes  <results>/maps/{year}.zarr and one manifest per job


rule map:
    input:
        model="<results>/model/model.json",
        tiles=lambda wildcards: tile_stage("infer", years=[wildcards.years]),
    output:
        manifest="<results>/maps/{years}.json",
    log:
        "<logs>/map/{years}.log",
    benchmark:
        "<results>/benchmarks/map.{years}.tsv"
    conda:
        "../../envs/model.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        settings=settings(grid=CONFIG.grid),
        code=code("map"),
        years=years_of,
    message:
        "Mapping {wildcards.years}"
    shell:
        'python "$SCRIPTS"/map.py'
        " --years {params.years}"
        " --model {input.model:q}"
        " --tiles {input.tiles:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# One global store a year: the level of each cell and its response to the year.
#
# needs  the inferred tiles of the years that a job owns, departures and level of each tile
# makes  <results>/maps/{year}.zarr and one manifest per job


rule map:
    input:
        model="<results>/model/model.json",
        tiles=lambda wildcards: tile_stage("infer", years=[wildcards.years]),
        departures=place_stage("departures"),
        levels=place_stage("level"),
    output:
        manifest="<results>/maps/{years}.json",
    log:
        "<logs>/map/{years}.log",
    benchmark:
        "<results>/benchmarks/map.{years}.tsv"
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        settings=settings(grid=MAP_GRID, co2=CONFIG.model.co2),
        code=code("maps.map"),
        years=years_of,
    message:
        "Mapping {wildcards.years}"
    shell:
        'python "$SCRIPTS"/maps/map.py'
        " --years {params.years}"
        " --model {input.model:q}"
        " --tiles {input.tiles:q}"
        " --departures {input.departures:q}"
        " --levels {input.levels:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

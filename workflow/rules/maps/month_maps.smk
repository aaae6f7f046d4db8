# The months of the maps; only with `fluxes.months`. The stores of the year stay as they are.
#
# needs  the season beside the trained model, the masked tiles, the maps of the year
# makes  <results>/seasons/{place}/{year}.zarr   shares of the months, one manifest per job
#        <results>/month_maps/{year}.zarr        GPP, RECO and NEE of each month, one manifest per job


rule infer_seasons:
    input:
        season="<results>/model/season.json",
        manifest="<results>/mask/{places}.{years}.json",
    output:
        manifest="<results>/seasons/{places}.{years}.json",
    log:
        "<logs>/seasons/{places}.{years}.log",
    benchmark:
        "<results>/benchmarks/infer_seasons.{places}.{years}.tsv"
    conda:
        "../../../envs/model.yaml"
    threads: CONFIG.infer.threads
    resources:
        mem_mb=growing(1500),
        runtime=lasting(1),
    params:
        settings=settings(min_forest_fraction=CONFIG.infer.min_forest_fraction),
        code=code("maps.infer_seasons"),
        places=places_of,
        years=years_of,
    message:
        "Inferring the season of {wildcards.places}, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/maps/infer_seasons.py'
        " --places {params.places}"
        " --years {params.years}"
        " --season {input.season:q}"
        " --upstream {input.manifest:q}"
        " --settings {params.settings:q}"
        " --threads {threads}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


rule map_months:
    input:
        season="<results>/model/season.json",
        maps="<results>/maps/{years}.json",
        tiles=lambda wildcards: tile_stage("seasons", years=[wildcards.years]),
    output:
        manifest="<results>/month_maps/{years}.json",
    log:
        "<logs>/month_maps/{years}.log",
    benchmark:
        "<results>/benchmarks/map_months.{years}.tsv"
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(grid=MAP_GRID),
        code=code("maps.map_months"),
        years=years_of,
    message:
        "Mapping the months of {wildcards.years}"
    shell:
        'python "$SCRIPTS"/maps/map_months.py'
        " --years {params.years}"
        " --season {input.season:q}"
        " --maps {input.maps:q}"
        " --tiles {input.tiles:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# The months of the maps; only with `fluxes.months`. The stores of the year stay as they are.
#
# needs  the season beside the trained model, the masked tiles, the maps of the year
# makes  <results>/seasons/{place}/{year}.zarr   shares of the months, one manifest per job
#        <results>/month_maps/{year}.zarr        GPP, RECO and NEE of each month, one manifest per job
#        <results>/products/months/{year}/       the folder to share
#        <results>/months/zones.csv, region_months.csv


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
        "../../envs/model.yaml"
    threads: CONFIG.infer.threads
    resources:
        mem_mb=growing(1500),
        runtime=lasting(1),
    params:
        settings=settings(min_forest_fraction=CONFIG.infer.min_forest_fraction),
        code=code("infer_seasons"),
        places=places_of,
        years=years_of,
    message:
        "Inferring the season of {wildcards.places}, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/infer_seasons.py'
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
        "../../envs/model.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(grid=MAP_GRID),
        code=code("map_months"),
        years=years_of,
    message:
        "Mapping the months of {wildcards.years}"
    shell:
        'python "$SCRIPTS"/map_months.py'
        " --years {params.years}"
        " --season {input.season:q}"
        " --maps {input.maps:q}"
        " --tiles {input.tiles:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


rule publish_months:
    input:
        season="<results>/model/season.json",
        months="<results>/month_maps/{years}.json",
        maps="<results>/maps/{years}.json",
    output:
        manifest="<results>/publish_months/{years}.json",
    log:
        "<logs>/publish_months/{years}.log",
    benchmark:
        "<results>/benchmarks/publish_months.{years}.tsv"
    conda:
        "../../envs/publish.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(
            run=CONFIG.run,
            seed=CONFIG.seed,
            source=SOURCE,
            grid=MAP_GRID,
            fluxes=CONFIG.fluxes,
            publish=CONFIG.publish,
        ),
        code=code("publish_months"),
        years=years_of,
        folder=lambda wildcards, output: f"{products_folder(wildcards, output)}/months",
    message:
        "Publishing the months of {wildcards.years}"
    shell:
        'python "$SCRIPTS"/publish_months.py'
        " --years {params.years}"
        " --months {input.months:q}"
        " --maps {input.maps:q}"
        " --season {input.season:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --folder {params.folder:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


rule month_zones:
    input:
        months=yearly("month_maps"),
        maps=yearly("maps"),
    output:
        table="<results>/months/zones.csv",
    log:
        "<logs>/months/zones.log",
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(zone_width_deg=CONFIG.change.zone_width_deg),
        code=code("month_zones"),
    message:
        "Averaging the months by latitude"
    shell:
        'python "$SCRIPTS"/month_zones.py'
        " --months {input.months:q}"
        " --maps {input.maps:q}"
        " --settings {params.settings:q}"
        " --output {output.table:q}"
        " --log {log:q}"


rule month_regions:
    input:
        months=yearly("month_maps"),
        maps=yearly("maps"),
        regions=region_files(),
        run_region=run_region_files(),
    output:
        table="<results>/months/region_months.csv",
    log:
        "<logs>/months/region_months.log",
    benchmark:
        "<results>/benchmarks/month_regions.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        settings=settings(
            bands=CONFIG.change.bands,
            region_name=CONFIG.change.region_name,
            grid=MAP_GRID,
            region=CONFIG.region,
        ),
        code=code("month_regions"),
    message:
        "Adding up the months of regions"
    shell:
        'python "$SCRIPTS"/month_regions.py'
        " --months {input.months:q}"
        " --maps {input.maps:q}"
        " --regions {input.regions:q}"
        " --settings {params.settings:q}"
        " --output {output.table:q}"
        " --log {log:q}"


rule upload_months:
    input:
        products="<results>/publish_months/{years}.json",
    output:
        manifest="<results>/upload_months/{years}.json",
    log:
        "<logs>/upload_months/{years}.log",
    conda:
        "../../envs/publish.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        to=lambda wildcards: f"{CONFIG.upload.to}/{CONFIG.run}",
        code=code("upload"),
        years=years_of,
        folder=products_folder,
    message:
        "Copying the months of {wildcards.years} to object storage"
    shell:
        'python "$SCRIPTS"/upload.py'
        " --folder {params.folder:q}"
        " --below months"
        " --years {params.years}"
        " --to {params.to:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

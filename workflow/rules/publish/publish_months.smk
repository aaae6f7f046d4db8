# The months of a year as a folder to share, and as a copy in object storage; only with `fluxes.months`.
#
# needs  the months of the year, the map of the year, the season; `upload.to` for the copy
# makes  <results>/products/months/{year}/   the folder to share
#        <results>/publish_months/{year}.json, upload_months/{year}.json


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
        "../../../envs/publish.yaml"
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
        code=code("publish.publish_months"),
        years=years_of,
        folder=lambda wildcards, output: f"{products_folder(wildcards, output)}/months",
    message:
        "Publishing the months of {wildcards.years}"
    shell:
        'python "$SCRIPTS"/publish/publish_months.py'
        " --years {params.years}"
        " --months {input.months:q}"
        " --maps {input.maps:q}"
        " --season {input.season:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --folder {params.folder:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


rule upload_months:
    input:
        products="<results>/publish_months/{years}.json",
    output:
        manifest="<results>/upload_months/{years}.json",
    log:
        "<logs>/upload_months/{years}.log",
    conda:
        "../../../envs/publish.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        to=lambda wildcards: f"{CONFIG.upload.to}/{CONFIG.run}",
        code=code("publish.upload"),
        years=years_of,
        folder=products_folder,
    message:
        "Copying the months of {wildcards.years} to object storage"
    shell:
        'python "$SCRIPTS"/publish/upload.py'
        " --folder {params.folder:q}"
        " --below months"
        " --years {params.years}"
        " --to {params.to:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

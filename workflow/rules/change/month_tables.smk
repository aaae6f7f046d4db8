# The months by latitude and by region; only with `fluxes.months`.
#
# needs  the months of every year and the maps, whose cells and areas they share
# makes  <results>/months/zones.csv, region_months.csv


rule month_zones:
    input:
        months=yearly("month_maps"),
        maps=yearly("maps"),
    output:
        table="<results>/months/zones.csv",
    log:
        "<logs>/months/zones.log",
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(zone_width_deg=CONFIG.change.zone_width_deg),
        code=code("change.month_zones"),
    message:
        "Averaging the months by latitude"
    shell:
        'python "$SCRIPTS"/change/month_zones.py'
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
        "../../../envs/data.yaml"
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
        code=code("change.month_regions"),
    message:
        "Adding up the months of regions"
    shell:
        'python "$SCRIPTS"/change/month_regions.py'
        " --months {input.months:q}"
        " --maps {input.maps:q}"
        " --regions {input.regions:q}"
        " --settings {params.settings:q}"
        " --output {output.table:q}"
        " --log {log:q}"

# What a run would ask of Earth Engine, printed; nothing is sent and no account is needed.
#
# needs  the product table, the towers' table where there is one, the cache of answers
# makes  lines on the terminal


localrules:
    plan,


rule plan:
    log:
        "<logs>/plan.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(
            grid=MAP_GRID,
            region=CONFIG.region,
            years=YEARS,
            last_year=LAST_YEAR.line if OPEN_END else "",
            forest_only=CONFIG.earthengine.forest_only,
            tower_years=TOWER_YEARS,
            jobs={
                "tiles": len(tile_stage("extract")),
                "towers": len(tower_stage("extract")),
            },
        ),
        products=PRODUCTS.only([MAP_COLUMN, "tower"], "cube").to_json(),
        sites=known_sites(),
    message:
        "Planning the requests"
    shell:
        'python "$SCRIPTS"/sources/plan.py'
        " --settings {params.settings:q}"
        " --products {params.products:q}"
        ' --runtime "$EARTHENGINE_RUNTIME"'
        " --sites {params.sites:q}"
        " --log {log:q}"

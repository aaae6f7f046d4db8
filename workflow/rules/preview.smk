# An interactive map of chosen layers, a year's gaps and the towers, to look at before any download.
#
# needs  an account of Earth Engine and the extra `map` (geemap); the towers' table where there is one
# makes  <results>/preview.html, whose pictures Earth Engine draws for some hours


rule preview:
    output:
        page="<results>/preview.html",
    log:
        "<logs>/preview.log",
    conda:
        "../../envs/map.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        settings=settings(
            layers=CONFIG.preview.layers,
            year=CONFIG.preview.year or (YEARS[0] if YEARS else None),
        ),
        products=PRODUCTS.only(["tile"], "mask").to_json(),
        sites=known_sites(),
        code=code("preview"),
    message:
        "Drawing the preview"
    shell:
        'python "$SCRIPTS"/preview.py'
        " --settings {params.settings:q}"
        " --products {params.products:q}"
        ' --runtime "$EARTHENGINE_RUNTIME"'
        " --sites {params.sites:q}"
        " --page {output.page:q}"
        " --log {log:q}"

# An interactive map of chosen layers, a year's gaps and the towers, to look at before any download.
#
# needs  an account of Earth Engine and the extra `map` (geemap); the towers' table where there is one
# makes  <results>/preview.html, whose pictures Earth Engine draws for some hours


# The year that is drawn; none where the run maps none and names none.
PREVIEW_YEARS = [CONFIG.preview.year] if CONFIG.preview.year else YEARS[:1]


rule preview:
    output:
        page="<results>/preview.html",
    log:
        "<logs>/preview.log",
    conda:
        "../../../envs/map.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        settings=settings(
            layers=CONFIG.preview.layers,
            year=next(iter(PREVIEW_YEARS), None),
        ),
        products=PRODUCTS.only(["tile"], "mask").in_years(*PREVIEW_YEARS).to_json(),
        sites=known_sites(),
        code=code("pages.preview"),
    message:
        "Drawing the preview"
    shell:
        'python "$SCRIPTS"/pages/preview.py'
        " --settings {params.settings:q}"
        " --products {params.products:q}"
        ' --runtime "$EARTHENGINE_RUNTIME"'
        " --sites {params.sites:q}"
        " --page {output.page:q}"
        " --log {log:q}"

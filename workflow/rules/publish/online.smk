# The trained model as an expression of Earth Engine and a script for the Code Editor.
#
# needs  the trained model and an account of Earth Engine, which is asked for the days of images
# makes  <results>/online/online.json and online.js


rule online:
    input:
        model="<results>/model/model.json",
    output:
        expression="<results>/online/online.json",
        script="<results>/online/online.js",
    log:
        "<logs>/online.log",
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        settings=lambda wildcards: settings(
            year=online_year(),
            min_valid_share=CONFIG.mask.min_valid_share,
            min_forest_fraction=CONFIG.infer.min_forest_fraction,
            online=CONFIG.online,
        ),
        products=lambda wildcards: PRODUCTS.only(["tile"], "cube", "mask")
        .in_years(online_year())
        .to_json(),
        code=code("publish.online"),
    message:
        "Writing the trained model as an expression"
    shell:
        'python "$SCRIPTS"/publish/online.py'
        " --model {input.model:q}"
        " --settings {params.settings:q}"
        " --products {params.products:q}"
        ' --runtime "$EARTHENGINE_RUNTIME"'
        " --expression {output.expression:q}"
        " --script {output.script:q}"
        " --log {log:q}"

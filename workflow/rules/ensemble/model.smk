# The trained model as one folder: weights, normalisation, calendar, intervals, area of applicability, provenance.
#
# needs  the networks that make the maps (split holdout), those of split cluster for the intervals
# makes  <results>/model/model.json, member{m}.safetensors and applicability.safetensors beside it


rule model:
    input:
        samples="<results>/samples/samples.json",
        table="<results>/samples/samples.csv",
        mapping=train_targets("holdout"),
        calibrating=train_targets("cluster"),
    output:
        model="<results>/model/model.json",
    log:
        "<logs>/model/model.log",
    conda:
        "../../../envs/model.yaml"
    params:
        settings=settings(
            train=CONFIG.train,
            level=CONFIG.evaluate.level,
            min_quality=CONFIG.evaluate.min_quality,
            quantile=CONFIG.model.dissimilarity_quantile,
            unseen_trend=CONFIG.model.unseen_trend,
            seed=CONFIG.seed,
            units={one["name"]: one["units"] for one in INPUTS},
            ranges=PRODUCTS.ranges(),
            run=CONFIG.run,
            source=SOURCE,
            years=CONFIG.model.years,
        ),
        code=code("ensemble.model"),
    message:
        "Assembling the trained model"
    shell:
        'python "$SCRIPTS"/ensemble/model.py'
        " --samples {input.samples:q}"
        " --table {input.table:q}"
        " --mapping {input.mapping:q}"
        " --calibrating {input.calibrating:q}"
        " --settings {params.settings:q}"
        " --output {output.model:q}"
        " --log {log:q}"

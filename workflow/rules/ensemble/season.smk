# The season network of the maps: how the fluxes of a year fall on its months; only with `fluxes.months`.
#
# needs  the training table, the months of the towers, the shares of the folds, the predictions of the years
# makes  <results>/model/season.json            its record, season.safetensors beside it
#        <results>/months/shares.holdout.csv   shares of the months of site-years that were held out


rule season:
    input:
        samples="<results>/samples/samples.json",
        months="<results>/towers/site_months.csv",
        folds="<results>/months/shares.cluster.csv",
        predictions="<results>/evaluate/predictions.csv",
    output:
        season="<results>/model/season.json",
        shares="<results>/months/shares.holdout.csv",
    log:
        "<logs>/months/season.log",
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        settings=settings(
            **season_settings(),
            level=CONFIG.evaluate.level,
            min_quality=CONFIG.evaluate.min_quality,
            units={one["name"]: one["units"] for one in INPUTS},
        ),
        code=code("ensemble.season"),
    message:
        "Learning the season of all towers"
    shell:
        'python "$SCRIPTS"/ensemble/season.py'
        " --samples {input.samples:q}"
        " --months {input.months:q}"
        " --folds {input.folds:q}"
        " --predictions {input.predictions:q}"
        " --settings {params.settings:q}"
        " --shares {output.shares:q}"
        " --output {output.season:q}"
        " --log {log:q}"

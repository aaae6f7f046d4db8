# How good the months of unseen site-years are; only with `fluxes.months`.
#
# needs  the shares of the folds, the predictions of the years, the months of the towers
# makes  <results>/months/predictions.csv, scores.csv, coverage.csv


rule month_scores:
    input:
        shares=month_shares(),
        predictions="<results>/evaluate/predictions.csv",
        table="<results>/samples/samples.csv",
        months="<results>/towers/site_months.csv",
    output:
        predictions="<results>/months/predictions.csv",
        scores="<results>/months/scores.csv",
        coverage="<results>/months/coverage.csv",
    log:
        "<logs>/months/scores.log",
    conda:
        "../../../envs/model.yaml"
    params:
        settings=settings(
            min_quality=CONFIG.evaluate.min_quality,
            level=CONFIG.evaluate.level,
            seed=CONFIG.seed,
        ),
        code=code("evaluation.month_scores"),
    message:
        "Scoring the months"
    shell:
        'python "$SCRIPTS"/evaluation/month_scores.py'
        " --shares {input.shares:q}"
        " --predictions {input.predictions:q}"
        " --table {input.table:q}"
        " --months {input.months:q}"
        " --settings {params.settings:q}"
        " --tables {output:q}"
        " --log {log:q}"

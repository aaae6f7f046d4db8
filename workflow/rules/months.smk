# How the fluxes of a year fall on its months; only with `fluxes.months`.
#
# needs  the training table, the months of the towers, the predictions of their years
# makes  <results>/months/shares.{split}.csv   shares of the months of unseen site-years
#        <results>/model/season.json           the season network of the maps, season.safetensors beside it
#        <results>/months/predictions.csv, scores.csv, coverage.csv


rule season_folds:
    input:
        samples="<results>/samples/samples.json",
        months="<results>/towers/site_months.csv",
    output:
        shares="<results>/months/shares.{split}.csv",
    log:
        "<logs>/months/shares.{split}.log",
    benchmark:
        "<results>/benchmarks/season_folds.{split}.tsv"
    wildcard_constraints:
        split="site|cluster|random",
    conda:
        "../../envs/model.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(**season_settings()),
        code=code("season_folds"),
        folds=list(range(CONFIG.folds.count)),
    message:
        "Learning the season: split {wildcards.split}"
    shell:
        'python "$SCRIPTS"/season_folds.py'
        " --samples {input.samples:q}"
        " --months {input.months:q}"
        " --split {wildcards.split}"
        " --folds {params.folds}"
        " --settings {params.settings:q}"
        " --output {output.shares:q}"
        " --log {log:q}"


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
        "../../envs/model.yaml"
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
        code=code("season"),
    message:
        "Learning the season of all towers"
    shell:
        'python "$SCRIPTS"/season.py'
        " --samples {input.samples:q}"
        " --months {input.months:q}"
        " --folds {input.folds:q}"
        " --predictions {input.predictions:q}"
        " --settings {params.settings:q}"
        " --shares {output.shares:q}"
        " --output {output.season:q}"
        " --log {log:q}"


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
        "../../envs/model.yaml"
    params:
        settings=settings(
            min_quality=CONFIG.evaluate.min_quality,
            level=CONFIG.evaluate.level,
            seed=CONFIG.seed,
        ),
        code=code("month_scores"),
    message:
        "Scoring the months"
    shell:
        'python "$SCRIPTS"/month_scores.py'
        " --shares {input.shares:q}"
        " --predictions {input.predictions:q}"
        " --table {input.table:q}"
        " --months {input.months:q}"
        " --settings {params.settings:q}"
        " --tables {output:q}"
        " --log {log:q}"

# The season network of the folds, and its months of unseen site-years; only with `fluxes.months`.
#
# needs  the training table, the months of the towers
# makes  <results>/months/shares.{split}.csv   shares of the months of unseen site-years


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
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(**season_settings()),
        code=code("models.season_folds"),
        folds=list(range(CONFIG.folds.count)),
    message:
        "Learning the season: split {wildcards.split}"
    shell:
        'python "$SCRIPTS"/models/season_folds.py'
        " --samples {input.samples:q}"
        " --months {input.months:q}"
        " --split {wildcards.split}"
        " --folds {params.folds}"
        " --settings {params.settings:q}"
        " --output {output.shares:q}"
        " --log {log:q}"

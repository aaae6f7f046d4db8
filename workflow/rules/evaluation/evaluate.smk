# Scores of every model on every split, the gap curve, the coverage of the intervals.
#
# needs  the networks, their predictions and those of the classical models, the training table
# makes  <results>/evaluate/predictions.csv, scores.csv, interannual.csv, gaps.csv, calibration.csv, differences.csv


rule evaluate:
    input:
        samples="<results>/samples/samples.json",
        table="<results>/samples/samples.csv",
        train=train_targets(),
        baseline=baseline_targets(),
    output:
        predictions="<results>/evaluate/predictions.csv",
        scores="<results>/evaluate/scores.csv",
        interannual="<results>/evaluate/interannual.csv",
        gaps="<results>/evaluate/gaps.csv",
        calibration="<results>/evaluate/calibration.csv",
        differences="<results>/evaluate/differences.csv",
    log:
        "<logs>/evaluate/evaluate.log",
    benchmark:
        "<results>/benchmarks/evaluate.tsv"
    conda:
        "../../../envs/model.yaml"
    params:
        settings=settings(
            min_quality=CONFIG.evaluate.min_quality,
            level=CONFIG.evaluate.level,
            quantile=CONFIG.model.dissimilarity_quantile,
            train=CONFIG.train,
            seed=CONFIG.seed,
            gaps=CONFIG.evaluate.gaps,
            years=CONFIG.model.years,
        ),
        code=code("evaluation.evaluate"),
    message:
        "Scoring all models"
    shell:
        'python "$SCRIPTS"/evaluation/evaluate.py'
        " --samples {input.samples:q}"
        " --table {input.table:q}"
        " --train {input.train:q}"
        " --baseline {input.baseline:q}"
        " --settings {params.settings:q}"
        " --tables {output:q}"
        " --log {log:q}"

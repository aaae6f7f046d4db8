# The classical models on the same folds, tuned inside the training rows.
#
# needs  the training table
# makes  <results>/baseline/{model}.{split}.{folds}.csv


rule baseline:
    input:
        samples="<results>/samples/samples.json",
    output:
        predictions="<results>/baseline/{model}.{split}.{folds}.csv",
    log:
        "<logs>/baseline/{model}.{split}.{folds}.log",
    benchmark:
        "<results>/benchmarks/baseline.{model}.{split}.{folds}.tsv"
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        settings=lambda wildcards: settings(
            baseline=CONFIG.baseline,
            seed=CONFIG.seed,
            gaps=gaps_of(wildcards),
        ),
        code=code("models.baseline"),
        folds=folds_of,
    message:
        "Fitting {wildcards.model}: split {wildcards.split}, folds {wildcards.folds}"
    shell:
        'python "$SCRIPTS"/models/baseline.py'
        " --samples {input.samples:q}"
        " --model {wildcards.model}"
        " --split {wildcards.split}"
        " --folds {params.folds}"
        " --settings {params.settings:q}"
        " --threads {threads}"
        " --output {output.predictions:q}"
        " --log {log:q}"

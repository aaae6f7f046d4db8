# What each choice of the network is worth, on folds that are assigned several times. Not part of a run:
#
#   snakemake --cores 2 --configfile config/towers.yaml -- ablation
#
# needs  the training table
# makes  <results>/ablation/{variant}.{split}.{repeat}.csv   predictions of unseen rows
#        <results>/ablation/ablation.csv                     scores, spread and cost of each variant


rule ablation_variant:
    input:
        samples="<results>/samples/samples.json",
    output:
        predictions="<results>/ablation/{variant}.{split}.{repeat}.csv",
    log:
        "<logs>/ablation/{variant}.{split}.{repeat}.log",
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(60),
    params:
        settings=lambda wildcards: settings(
            train=CONFIG.train,
            baseline=CONFIG.baseline,
            variants=variants_of(wildcards.variant),
            members=CONFIG.ablation.members,
            folds=CONFIG.folds.numbers("count"),
            seed=CONFIG.seed,
        ),
        code=code("evaluation.ablation_variant"),
    message:
        "Ablation: {wildcards.variant}, split {wildcards.split}, repeat {wildcards.repeat}"
    shell:
        'python "$SCRIPTS"/evaluation/ablation_variant.py'
        " --samples {input.samples:q}"
        " --variant {wildcards.variant}"
        " --split {wildcards.split}"
        " --repeat {wildcards.repeat}"
        " --settings {params.settings:q}"
        " --output {output.predictions:q}"
        " --log {log:q}"


rule ablation:
    input:
        table="<results>/samples/samples.csv",
        variants=ablation_targets(),
    output:
        table="<results>/ablation/ablation.csv",
    log:
        "<logs>/ablation/ablation.log",
    conda:
        "../../../envs/model.yaml"
    params:
        min_quality=CONFIG.evaluate.min_quality,
        code=code("evaluation.ablation"),
    message:
        "Comparing all variants"
    shell:
        'python "$SCRIPTS"/evaluation/ablation.py'
        " --variants {input.variants:q}"
        " --table {input.table:q}"
        " --min-quality {params.min_quality}"
        " --output {output.table:q}"
        " --log {log:q}"

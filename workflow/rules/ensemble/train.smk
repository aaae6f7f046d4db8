# The networks, fold by fold and member by member, and their predictions for the unseen rows.
#
# needs  the training table
# makes  <results>/train/{split}/fold{fold}/member{member}/ and one manifest per job
#        split holdout, fold 0: all towers but the holdout, the networks that the map uses


rule train:
    input:
        samples="<results>/samples/samples.json",
    output:
        manifest="<results>/train/{split}.{folds}.{members}.json",
    log:
        "<logs>/train/{split}.{folds}.{members}.log",
    benchmark:
        "<results>/benchmarks/train.{split}.{folds}.{members}.tsv"
    conda:
        "../../../envs/model.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(120),
    params:
        settings=lambda wildcards: settings(
            train=CONFIG.train, seed=CONFIG.seed, gaps=gaps_of(wildcards)
        ),
        code=code("ensemble.train"),
        folds=folds_of,
        members=lambda wildcards: MEMBER_BATCHES[wildcards.members],
    message:
        "Training networks: split {wildcards.split}, folds {wildcards.folds}, members {wildcards.members}"
    shell:
        'python "$SCRIPTS"/ensemble/train.py'
        " --samples {input.samples:q}"
        " --split {wildcards.split}"
        " --folds {params.folds}"
        " --members {params.members}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# The model card: what the model learnt from, how good it is, where not to use it.
#
# needs  the trained model, the training table, scores and coverage, skill in time
# makes  <results>/model/card.md


rule card:
    input:
        model="<results>/model/model.json",
        samples="<results>/samples/samples.csv",
        scores="<results>/evaluate/scores.csv",
        calibration="<results>/evaluate/calibration.csv",
        interannual="<results>/evaluate/interannual.csv",
    output:
        card="<results>/model/card.md",
    log:
        "<logs>/card/card.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(
            min_quality=CONFIG.evaluate.min_quality,
            folds=CONFIG.folds.numbers("count"),
        ),
        code=code("pages.card"),
    message:
        "Writing the model card"
    shell:
        'python "$SCRIPTS"/pages/card.py'
        " --model {input.model:q}"
        " --samples {input.samples:q}"
        " --scores {input.scores:q}"
        " --calibration {input.calibration:q}"
        " --interannual {input.interannual:q}"
        " --settings {params.settings:q}"
        " --output {output.card:q}"
        " --log {log:q}"

# Reasons: how much an estimate changes when one variable is hidden in one month.
#
# needs  the trained model and the training table
# makes  <results>/explain/importance.csv    change of the estimate, by forest type, variable, month
#        <results>/explain/activations.csv   activation of the convolutional block, by forest type, step


rule explain:
    input:
        model="<results>/model/model.json",
        samples="<results>/samples/samples.json",
    output:
        importance="<results>/explain/importance.csv",
        activations="<results>/explain/activations.csv",
    log:
        "<logs>/explain/explain.log",
    benchmark:
        "<results>/benchmarks/explain.tsv"
    conda:
        "../../envs/model.yaml"
    params:
        code=code("explain.py"),
    message:
        "Hiding each variable in each month"
    shell:
        'python "$SCRIPTS"/explain.py'
        " --model {input.model:q}"
        " --samples {input.samples:q}"
        " --importance-table {output.importance:q}"
        " --activations {output.activations:q}"
        " --log {log:q}"

# Reasons: what moves an estimate, by hiding and by integrated gradients; what the network sees; whether maps are sane.
#
# needs  the trained model and the training table
# makes  <results>/explain/importance.csv    change of the estimate when a variable is hidden in a month, by forest type
#        <results>/explain/attributions.csv  signed contributions against the usual year, by forest type, variable, month
#        <results>/explain/activations.csv   activation of the convolutional block, by forest type, month
#        <results>/explain/sanity.csv        checks of these maps


rule explain:
    input:
        model="<results>/model/model.json",
        samples="<results>/samples/samples.json",
    output:
        importance="<results>/explain/importance.csv",
        attributions="<results>/explain/attributions.csv",
        activations="<results>/explain/activations.csv",
        sanity="<results>/explain/sanity.csv",
    log:
        "<logs>/explain/explain.log",
    benchmark:
        "<results>/benchmarks/explain.tsv"
    priority: 1  # long, so before the figures
    conda:
        "../../../envs/model.yaml"
    params:
        seed=CONFIG.seed,
        code=code("evaluation.explain"),
    message:
        "Explaining the estimates"
    shell:
        'python "$SCRIPTS"/evaluation/explain.py'
        " --model {input.model:q}"
        " --samples {input.samples:q}"
        " --seed {params.seed}"
        " --tables {output:q}"
        " --log {log:q}"

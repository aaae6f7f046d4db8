# Figures, each from finished tables and maps only.
#
# needs  the files that the registry names for the figure
# makes  <results>/figures/{figure}.png and .pdf


rule figure:
    input:
        figure_inputs,
    output:
        expand("<results>/figures/{{figure}}.{kind}", kind=CONFIG.figures.formats),
    log:
        "<logs>/figures/{figure}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        settings=settings(
            figures=CONFIG.figures,
            pair=CONFIG.change.pair,
            level=CONFIG.evaluate.level,
            simulated=SIMULATED,
        ),
        code=lambda wildcards: code("figure", module_of(wildcards.figure)),
        results=lambda wildcards, output: str(Path(output[0]).parents[1]),
    message:
        "Drawing {wildcards.figure}"
    shell:
        'python "$SCRIPTS"/figure.py'
        " --name {wildcards.figure}"
        " --results {params.results:q}"
        " --settings {params.settings:q}"
        " --output {output:q}"
        " --log {log:q}"

# Figures, each from finished tables and maps only.
#
# needs  the files that the registry names for the figure
# makes  <results>/figures/{figure}.png and .pdf, and {figure}_column.pdf if asked for


rule figure:
    input:
        figure_inputs,
    output:
        expand("<results>/figures/{{figure}}.{kind}", kind=CONFIG.figures.formats),
    log:
        "<logs>/figures/{figure}.log",
    conda:
        "../../../envs/figures.yaml"
    params:
        settings=figure_settings(column=False),
        code=lambda wildcards: code(
            "pages.figure", FIGURES[wildcards.figure].full_module
        ),
        function=lambda wildcards: FIGURES[wildcards.figure].full_function,
        caption=lambda wildcards: figure_caption(wildcards.figure),
        results=lambda wildcards, output: str(Path(output[0]).parents[1]),
    message:
        "Drawing {wildcards.figure}"
    shell:
        'python "$SCRIPTS"/pages/figure.py'
        " --function {params.function}"
        " --caption {params.caption:q}"
        " --results {params.results:q}"
        " --settings {params.settings:q}"
        " --output {output:q}"
        " --log {log:q}"


use rule figure as figure_in_column with:
    output:
        "<results>/figures/{figure}_column.pdf",
    log:
        "<logs>/figures/{figure}_column.log",
    wildcard_constraints:
        figure="|".join(name for name, entry in FIGURES.items() if entry.column),
    params:
        settings=figure_settings(column=True),
        code=lambda wildcards: code(
            "pages.figure", FIGURES[wildcards.figure].full_module
        ),
        function=lambda wildcards: FIGURES[wildcards.figure].full_function,
        caption=lambda wildcards: figure_caption(wildcards.figure),
        results=lambda wildcards, output: str(Path(output[0]).parents[1]),
    message:
        "Drawing {wildcards.figure} for one column"

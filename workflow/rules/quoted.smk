# The numbers that a text quotes, from the finished tables.
#
# needs  scores, coverage and, with maps, totals and change
# makes  <results>/quoted.csv


rule quoted:
    input:
        scores="<results>/evaluate/scores.csv",
        calibration="<results>/evaluate/calibration.csv",
        change=(
            ["<results>/change/totals.csv", "<results>/change/pair.csv"]
            if MAPPED
            else []
        ),
    output:
        numbers="<results>/quoted.csv",
    log:
        "<logs>/quoted/quoted.log",
    conda:
        "../../envs/figures.yaml"
    params:
        settings=settings(pair=config["change"]["pair"] if MAPPED else None),
        code=code("quoted"),
        results=lambda wildcards, output: str(Path(output.numbers).parent),
    message:
        "Collecting the quoted numbers"
    shell:
        'python "$SCRIPTS"/quoted.py'
        " --results {params.results:q}"
        " --settings {params.settings:q}"
        " --output {output.numbers:q}"
        " --log {log:q}"

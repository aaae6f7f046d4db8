# The numbers that a text quotes, from the finished tables.
#
# needs  scores, coverage and, with maps, totals and change
# makes  <results>/headline.csv


rule headline:
    input:
        scores="<results>/evaluate/scores.csv",
        calibration="<results>/evaluate/calibration.csv",
        change=(
            ["<results>/change/totals.csv", "<results>/change/pair.csv"]
            if MAPPED
            else []
        ),
    output:
        numbers="<results>/headline.csv",
    log:
        "<logs>/headline/headline.log",
    conda:
        "../../envs/figures.yaml"
    params:
        settings=settings(pair=CONFIG.change.pair if MAPPED else None),
        code=code("headline"),
        results=lambda wildcards, output: str(Path(output.numbers).parent),
    message:
        "Collecting the headline numbers"
    shell:
        'python "$SCRIPTS"/headline.py'
        " --results {params.results:q}"
        " --settings {params.settings:q}"
        " --output {output.numbers:q}"
        " --log {log:q}"

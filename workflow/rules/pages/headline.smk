# The numbers that a text quotes, from the finished tables.
#
# needs  scores, coverage and, with maps, totals and change
# makes  <results>/headline.csv


rule headline:
    input:
        tables=headline_tables(),
    output:
        numbers="<results>/headline.csv",
    log:
        "<logs>/headline/headline.log",
    conda:
        "../../../envs/figures.yaml"
    params:
        settings=settings(pair=CONFIG.change.pair if CHANGED else None),
        code=code("pages.headline"),
    message:
        "Collecting the headline numbers"
    shell:
        'python "$SCRIPTS"/pages/headline.py'
        " --tables {input.tables:q}"
        " --settings {params.settings:q}"
        " --output {output.numbers:q}"
        " --log {log:q}"

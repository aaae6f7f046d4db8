# Citations of the towers that are used; only labels from an archive have them.
#
# needs  the training table, the citations of the archive's towers
# makes  <results>/samples/bibliography.csv   one row per used tower
#        <results>/samples/bibliography.md    the same, to read and to copy from


rule bibliography:
    input:
        samples="<results>/samples/samples.csv",
        citations="<results>/towers/citations.csv",
    output:
        table="<results>/samples/bibliography.csv",
        page="<results>/samples/bibliography.md",
    log:
        "<logs>/samples/bibliography.log",
    conda:
        "../../../envs/data.yaml"
    params:
        code=code("pages.bibliography"),
    message:
        "Listing the citations of the towers"
    shell:
        'python "$SCRIPTS"/pages/bibliography.py'
        " --samples {input.samples:q}"
        " --citations {input.citations:q}"
        " --table {output.table:q}"
        " --page {output.page:q}"
        " --log {log:q}"

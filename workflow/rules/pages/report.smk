# One page that works offline: figures with captions, scores, limits, settings.
#
# needs  all figures, the headline numbers and the finished tables
# makes  <results>/report.html


rule report:
    input:
        figures=figure_targets(),
        tables=report_tables(),
        # Read by no line of the report: it comes last, so that it has the time of every job.
        jobs=bibliography_targets() + map_targets(),
    output:
        report="<results>/report.html",
    log:
        "<logs>/report/report.log",
    conda:
        "../../../envs/figures.yaml"
    params:
        settings=settings(configuration=CONFIG),
        code=code("pages.report"),
        benchmarks=lambda wildcards, output: str(
            Path(output.report).with_name("benchmarks")
        ),
    message:
        "Writing the report"
    shell:
        'python "$SCRIPTS"/pages/report.py'
        " --tables {input.tables:q}"
        " --figures {input.figures:q}"
        " --benchmarks {params.benchmarks:q}"
        " --settings {params.settings:q}"
        " --output {output.report:q}"
        " --log {log:q}"

# One page that works offline: figures with captions, scores, limits, settings.
#
# needs  all figures, the headline numbers and the finished tables
# makes  <results>/report.html


rule report:
    input:
        figures=figure_targets(),
        headline="<results>/headline.csv",
        samples="<results>/samples/samples.csv",
        left_out="<results>/towers/left_out.csv",
        scores="<results>/evaluate/scores.csv",
        calibration="<results>/evaluate/calibration.csv",
        gaps="<results>/evaluate/gaps.csv",
        sanity="<results>/explain/sanity.csv",
        bibliography=bibliography_targets(),
        maps=map_targets(),
    output:
        report="<results>/report.html",
    log:
        "<logs>/report/report.log",
    conda:
        "../../envs/figures.yaml"
    params:
        settings=settings(configuration=CONFIG, figures=figure_names()),
        code=code("report"),
        results=lambda wildcards, output: str(Path(output.report).parent),
    message:
        "Writing the report"
    shell:
        'python "$SCRIPTS"/report.py'
        " --results {params.results:q}"
        " --settings {params.settings:q}"
        " --output {output.report:q}"
        " --log {log:q}"

# A page to explore: map, towers, series, intervals and reasons, in one file that works offline.
#
# needs  maps of every year, the change, the masked tiles of the pair of years, samples, predictions, the model
# makes  <results>/explorer.html


rule explorer:
    input:
        samples="<results>/samples/samples.json",
        predictions="<results>/evaluate/predictions.csv",
        model="<results>/model/model.json",
        maps=explorer_maps(),
    output:
        page="<results>/explorer.html",
    log:
        "<logs>/explorer/explorer.log",
    benchmark:
        "<results>/benchmarks/explorer.tsv"
    conda:
        "../../envs/explorer.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        settings=settings(
            run=CONFIG.run,
            simulated=SIMULATED,
            explorer=CONFIG.explorer,
            years=YEARS,
            **({"grid": CONFIG.grid, "pair": CONFIG.change.pair} if MAPPED else {}),
        ),
        code=code("explorer"),
        results=lambda wildcards, output: str(Path(output.page).parent),
    message:
        "Building the explorer"
    shell:
        'python "$SCRIPTS"/explorer.py'
        " --results {params.results:q}"
        " --settings {params.settings:q}"
        " --output {output.page:q}"
        " --log {log:q}"

# A page to explore: map, towers, series, intervals and reasons, in one file that works offline.
# The cells of a map that is too fine for one file lie in a folder beside it, which is empty otherwise.
#
# needs  maps of every year where there are two, the change, the masked tiles of the pair of years, samples, predictions, skill in time, the model;
#        months, compared products and files of regions where the run has them
# makes  <results>/explorer.html, and <results>/explorer_cells/ with maps of two years or more


rule explorer:
    input:
        model="<results>/model/model.json",
        samples="<results>/samples/samples.json",
        sample_table="<results>/samples/samples.csv",
        predictions="<results>/evaluate/predictions.csv",
        scores="<results>/evaluate/scores.csv",
        interannual="<results>/evaluate/interannual.csv",
        maps=yearly("maps") if CHANGED else [],
        # Of the pair of years only.
        masks=tile_stage("mask", years=pair_batches()) if CHANGED else [],
        change=(
            [
                "<results>/change/change.json",
                "<results>/change/regions.csv",
                "<results>/change/region_changes.csv",
            ]
            if CHANGED
            else []
        ),
        recovery=(
            [f"<results>/recovery/{name}.csv" for name in ("recovery", "coverage")]
            if SIMULATED and CHANGED
            else []
        ),
        months=(
            [f"<results>/month_maps/{batch}.json" for batch in pair_batches()]
            if MAPPED and MONTHS
            else []
        ),
        compared=["<results>/compare/compare.json"] if WITH_COMPARED else [],
        # What the map outlines.
        regions=region_files() if CHANGED else [],
        run_region=run_region_files() if CHANGED else [],
    output:
        page="<results>/explorer.html",
        cells=[directory("<results>/explorer_cells")] if CHANGED else [],
    log:
        "<logs>/explorer/explorer.log",
    benchmark:
        "<results>/benchmarks/explorer.tsv"
    priority: 1  # long, so before the figures
    conda:
        "../../../envs/explorer.yaml"
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        settings=settings(
            run=CONFIG.run,
            simulated=SIMULATED,
            license=CONFIG.publish.license,
            explorer=CONFIG.explorer,
            inputs=INPUTS,
            mapped_years=YEARS,
            **(
                {
                    "grid": MAP_GRID,
                    "pair": CONFIG.change.pair,
                    "region": CONFIG.region,
                    "region_name": CONFIG.change.region_name,
                }
                if CHANGED
                else {}
            ),
        ),
        code=code("pages.explorer"),
    message:
        "Building the explorer"
    shell:
        'python "$SCRIPTS"/pages/explorer.py'
        " --model {input.model:q}"
        " --samples {input.samples:q}"
        " --sample-table {input.sample_table:q}"
        " --predictions {input.predictions:q}"
        " --scores {input.scores:q}"
        " --interannual {input.interannual:q}"
        " --maps {input.maps:q}"
        " --masks {input.masks:q}"
        " --change {input.change:q}"
        " --recovery {input.recovery:q}"
        " --months {input.months:q}"
        " --compared {input.compared:q}"
        " --regions {input.regions:q}"
        " --settings {params.settings:q}"
        " --output {output.page:q}"
        " --cells {output.cells:q}"
        " --log {log:q}"

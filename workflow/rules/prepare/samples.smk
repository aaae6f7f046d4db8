# The training table: one row per labelled site-year, with its map, weight and folds.
#
# needs  masked towers, checked tower tables; masked tiles of one year for unlabelled series
# makes  <results>/samples/samples.csv    every site-year, used or dropped, with the reason
#        <results>/samples/samples.zarr   maps of the used ones, unlabelled series


rule samples:
    input:
        sites="<results>/towers/sites.csv",
        site_years="<results>/towers/site_years.csv",
        towers=tower_stage("mask"),
        tiles=tile_stage("mask", years=unlabelled_batches()),
    output:
        manifest="<results>/samples/samples.json",
        table="<results>/samples/samples.csv",
    log:
        "<logs>/samples/samples.log",
    benchmark:
        "<results>/benchmarks/samples.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        settings=settings(
            samples=CONFIG.samples,
            seed=CONFIG.seed,
            folds=CONFIG.folds.numbers("count"),
            holdout=CONFIG.towers.holdout,
            confirmed=CONFIG.towers.confirmed,
            unlabelled_year=UNLABELLED_YEAR,
        ),
        code=code("prepare.samples"),
    message:
        "Building the training table"
    shell:
        'python "$SCRIPTS"/prepare/samples.py'
        " --sites {input.sites:q}"
        " --site-years {input.site_years:q}"
        " --towers {input.towers:q}"
        " --tiles {input.tiles:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

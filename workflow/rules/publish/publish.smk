# The files that readers open: Zarr, NetCDF, GeoTIFF, STAC, checksums, provenance.
#
# needs  the maps of the years that a job owns, the trained model, its card
# makes  <results>/products/{year}/, the folder to share
#        <results>/publish/{years}.json, one manifest per job, which stays with the run
#        <results>/products/collection.json, data_dictionary.md, model_card.md for all years


rule publish:
    input:
        model="<results>/model/model.json",
        maps="<results>/maps/{years}.json",
    output:
        manifest="<results>/publish/{years}.json",
    log:
        "<logs>/publish/{years}.log",
    benchmark:
        "<results>/benchmarks/publish.{years}.tsv"
    conda:
        "../../../envs/publish.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(**publish_settings()),
        code=code("publish.publish"),
        years=years_of,
        folder=products_folder,
    message:
        "Publishing {wildcards.years}"
    shell:
        'python "$SCRIPTS"/publish/publish.py'
        " --years {params.years}"
        " --maps {input.maps:q}"
        " --model {input.model:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --folder {params.folder:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


rule collection:
    input:
        card="<results>/model/card.md",
        products=yearly("publish"),
        months=yearly("publish_months") if MONTHS else [],
    output:
        collection="<results>/products/collection.json",
        dictionary="<results>/products/data_dictionary.md",
        card_copy="<results>/products/model_card.md",
    log:
        "<logs>/publish/collection.log",
    conda:
        "../../../envs/publish.yaml"
    params:
        settings=settings(
            run=CONFIG.run,
            source=SOURCE,
            grid=MAP_GRID,
            level=CONFIG.evaluate.level,
            months=MONTHS,
            publish=CONFIG.publish.numbers("license", "institution"),
        ),
        code=code("publish.collection"),
        years=YEARS,
    message:
        "Collecting the products"
    shell:
        'python "$SCRIPTS"/publish/collection.py'
        " --years {params.years}"
        " --card {input.card:q}"
        " --settings {params.settings:q}"
        " --dictionary {output.dictionary:q}"
        " --card-copy {output.card_copy:q}"
        " --collection {output.collection:q}"
        " --log {log:q}"

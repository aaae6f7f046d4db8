# Native values and quality bands, as the archive has them.
#
# needs  a source (simulated planet, files, Earth Engine) and the product table; the subsets' store
#        where the source has subsets; the share of the tiles in the region where there is one
# makes  <scratch>/extract/{place}/{year}.zarr and one manifest per job


rule extract:
    input:
        sites=branch(
            lambda wildcards: wildcards.places == "towers",
            then="<results>/towers/sites.csv",
            otherwise=[],
        ),
        table=predictor_table(),
        subsets=subsets_targets(),
        region=region_manifest,
    output:
        manifest="<scratch>/extract/{places}.{years}.json",
    log:
        "<logs>/extract/{places}.{years}.log",
    benchmark:
        "<results>/benchmarks/extract.{places}.{years}.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=lasting(20 if SOURCE == "earthengine" else 1),
        ee_requests=(CONFIG.earthengine.in_flight if SOURCE == "earthengine" else 0),
    params:
        settings=lambda wildcards: settings(
            **source_settings(wildcards.places),
        ),
        products=lambda wildcards: products(wildcards),
        code=code("sources.extract", SOURCES[SOURCE]),
        places=places_of,
        years=years_of,
    message:
        "Extracting {wildcards.places}, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/sources/extract.py'
        " --places {params.places}"
        " --years {params.years}"
        " --sites {input.sites:q}"
        " --table {input.table:q}"
        " --subsets {input.subsets:q}"
        " --region {input.region:q}"
        " --settings {params.settings:q}"
        " --products {params.products:q}"
        ' --runtime "$EARTHENGINE_RUNTIME"'
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# How far a product and its successor differ, in a year that both cover.
#
# needs  a source and the product table with a successor between the years of the run; the share of the
#        tiles in the region where there is one
# makes  <results>/handover/{places}.csv of each job, and <results>/handover/handover.csv of all of them


rule handover:
    input:
        sites=branch(
            lambda wildcards: wildcards.places == "towers",
            then="<results>/towers/sites.csv",
            otherwise=[],
        ),
        region=region_manifest,
    output:
        table="<results>/handover/{places}.csv",
    log:
        "<logs>/handover/{places}.log",
    benchmark:
        "<results>/benchmarks/handover.{places}.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
        ee_requests=(CONFIG.earthengine.in_flight if SOURCE == "earthengine" else 0),
    params:
        settings=lambda wildcards: settings(
            **source_settings(wildcards.places),
            mask=CONFIG.mask,
            shared_years=SHARED_YEARS,
        ),
        products=handover_products,
        code=code("prepare.handover", SOURCES[SOURCE]),
        places=places_of,
    message:
        "Comparing products with their successors, {wildcards.places}"
    shell:
        'python "$SCRIPTS"/prepare/handover.py'
        " --places {params.places}"
        " --sites {input.sites:q}"
        " --region {input.region:q}"
        " --settings {params.settings:q}"
        " --products {params.products:q}"
        ' --runtime "$EARTHENGINE_RUNTIME"'
        " --table {output.table:q}"
        " --log {log:q}"


rule join_handovers:
    input:
        parts=handover_parts(),
    output:
        table="<results>/handover/handover.csv",
    log:
        "<logs>/handover/handover.log",
    conda:
        "../../../envs/data.yaml"
    params:
        code=code("prepare.join_handovers"),
    message:
        "Collecting how far products differ from their successors"
    shell:
        'python "$SCRIPTS"/prepare/join_handovers.py'
        " --parts {input.parts:q}"
        " --table {output.table:q}"
        " --log {log:q}"

# The annual fluxes of one site of an archive, from its zip or its tables; with `fluxes.months` also
# the monthly ones.
#
# needs  the files of the site in `towers.fluxnet`, found by their names
# makes  <results>/fluxnet/{site}.csv          fluxes, spread and quality of the years that are kept
#        <results>/fluxnet/{site}.json         place, class, citation, and what leaves, why
#        <results>/fluxnet/{site}.months.csv   GPP and NEE of every month, how much was measured
#        <results>/fluxnet/{site}.months.json  which file was read


rule fluxnet:
    input:
        lambda wildcards: FLUXNET.sites[wildcards.site],
    output:
        table="<results>/fluxnet/{site}.csv",
        record="<results>/fluxnet/{site}.json",
    log:
        "<logs>/fluxnet/{site}.log",
    benchmark:
        "<results>/benchmarks/fluxnet.{site}.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        settings=settings(
            fluxnet=CONFIG.fluxnet.numbers(
                "partitioning",
                "threshold",
                "reco",
                "min_completeness",
                "versions",
                "max_file_gb",
            )
        ),
        code=code("towers.fluxnet"),
    message:
        "Reading the fluxes of {wildcards.site}"
    shell:
        'python "$SCRIPTS"/towers/fluxnet.py'
        " --site {wildcards.site}"
        " --files {input:q}"
        " --settings {params.settings:q}"
        " --table {output.table:q}"
        " --log {log:q}"


rule fluxnet_months:
    input:
        lambda wildcards: FLUXNET.sites[wildcards.site],
    output:
        table="<results>/fluxnet/{site}.months.csv",
        record="<results>/fluxnet/{site}.months.json",
    log:
        "<logs>/fluxnet/{site}.months.log",
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        settings=settings(
            fluxnet=CONFIG.fluxnet.numbers(
                "partitioning", "threshold", "versions", "max_file_gb"
            )
        ),
        code=code("towers.fluxnet_months"),
    message:
        "Reading the months of {wildcards.site}"
    shell:
        'python "$SCRIPTS"/towers/fluxnet_months.py'
        " --site {wildcards.site}"
        " --files {input:q}"
        " --settings {params.settings:q}"
        " --table {output.table:q}"
        " --record {output.record:q}"
        " --log {log:q}"

# The annual fluxes of one site of an archive, from its zip or its tables.
#
# needs  the files of the site in `towers.archive`, found by their names
# makes  <results>/archive/{site}.csv    fluxes, spread and quality of the years that are kept
#        <results>/archive/{site}.json   place, class, citation, and what leaves, why


rule archive:
    input:
        lambda wildcards: ARCHIVE.sites[wildcards.site],
    output:
        table="<results>/archive/{site}.csv",
        record="<results>/archive/{site}.json",
    log:
        "<logs>/archive/{site}.log",
    benchmark:
        "<results>/benchmarks/archive.{site}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    params:
        settings=settings(
            **{
                key: config["archive"][key]
                for key in (
                    "partitioning",
                    "threshold",
                    "reco",
                    "min_completeness",
                    "versions",
                    "max_file_gb",
                )
            }
        ),
        code=code("archive"),
    message:
        "Reading the fluxes of {wildcards.site}"
    shell:
        'python "$SCRIPTS"/archive.py'
        " --site {wildcards.site}"
        " --files {input:q}"
        " --settings {params.settings:q}"
        " --table {output.table:q}"
        " --log {log:q}"

# How each year of a place differs from the mean of its years.
#
# needs  the masked tiles of all mapped years
# makes  <results>/departures/{place}.zarr and one manifest per job


rule departures:
    input:
        masked=lambda wildcards: all_years("mask", wildcards.places),
    output:
        manifest="<results>/departures/{places}.json",
    log:
        "<logs>/departures/{places}.log",
    benchmark:
        "<results>/benchmarks/departures.{places}.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(60),
    params:
        code=code("prepare.departures"),
        places=places_of,
        years=YEARS,
    message:
        "Comparing the years of {wildcards.places}"
    shell:
        'python "$SCRIPTS"/prepare/departures.py'
        " --places {params.places}"
        " --years {params.years}"
        " --upstream {input.masked:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

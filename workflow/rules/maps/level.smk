# The level of each place: the mean over its years of what the networks give for each of them.
#
# needs  the inferred tiles of all mapped years and their departures
# makes  <results>/level/{place}.zarr and one manifest per job


rule level:
    input:
        inferred=lambda wildcards: all_years("infer", wildcards.places),
        departures="<results>/departures/{places}.json",
    output:
        manifest="<results>/level/{places}.json",
    log:
        "<logs>/level/{places}.log",
    benchmark:
        "<results>/benchmarks/level.{places}.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        code=code("maps.level"),
        places=places_of,
        years=YEARS,
    message:
        "Averaging the fluxes of {wildcards.places}"
    shell:
        'python "$SCRIPTS"/maps/level.py'
        " --places {params.places}"
        " --years {params.years}"
        " --inferred {input.inferred:q}"
        " --departures {input.departures:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# Which part of each cell lies in the region; only of a run that has one.
#
# needs  the region as the configuration names it, and its files
# makes  <results>/region/{place}.zarr and one manifest per job


rule region:
    input:
        files=run_region_files(),
    output:
        manifest="<results>/region/{places}.json",
    log:
        "<logs>/region/{places}.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(region=CONFIG.region, grid=GRID),
        code=code("core.region"),
        places=places_of,
    message:
        "Measuring the region in {wildcards.places}"
    shell:
        'python "$SCRIPTS"/core/region.py'
        " --places {params.places}"
        " --files {input.files:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# MODIS subsets that were downloaded for towers, as native images of all years.
#
# needs  a folder of ORNL or AppEEARS files (towers.subsets), the checked tower table
# makes  <results>/subsets/towers.zarr with its manifest
#        <results>/subsets/subsets.csv   what each tower and variable comes from


rule subsets:
    input:
        sites="<results>/towers/sites.csv",
        files=lambda wildcards: SUBSET_FILES,
    output:
        manifest="<results>/subsets/subsets.json",
        sources="<results>/subsets/subsets.csv",
    log:
        "<logs>/subsets/subsets.log",
    benchmark:
        "<results>/benchmarks/subsets.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        # The files themselves are too many for a command line.
        settings=settings(folder=CONFIG.towers.subsets),
        layers=SUBSET_TABLE.to_json(),
        code=code("sources.subsets"),
    message:
        "Reading the MODIS subsets of the towers"
    shell:
        'python "$SCRIPTS"/sources/subsets.py'
        " --sites {input.sites:q}"
        " --settings {params.settings:q}"
        " --layers {params.layers:q}"
        " --code {params.code}"
        " --sources {output.sources:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

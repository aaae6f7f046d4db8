# The maps beside other products that the user has: X-BASE, CEDAR-GPP, inversions and others.
#
# needs  the maps of every year, the files that `compare` names
# makes  <results>/compare/{product}.zarr of each, with the manifest last
#        <results>/compare/comparison.csv, compared_zones.csv


rule compare:
    input:
        maps=yearly("maps"),
        products=compared_files,
    output:
        manifest="<results>/compare/compare.json",
        tables=[
            "<results>/compare/comparison.csv",
            "<results>/compare/compared_zones.csv",
        ],
    log:
        "<logs>/compare/compare.log",
    benchmark:
        "<results>/benchmarks/compare.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        # The files themselves may be too many for a command line.
        settings=settings(
            compare=CONFIG.compare,
            windows=CONFIG.change.windows,
            zone_width_deg=CONFIG.change.zone_width_deg,
        ),
        code=code("evaluation.compare"),
    message:
        "Comparing the maps with other products"
    shell:
        'python "$SCRIPTS"/evaluation/compare.py'
        " --maps {input.maps:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --tables {output.tables:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# 2003 against 2018 and the annual series between.
#
# needs  the maps of every year
# makes  <results>/change/*.csv, change.zarr, and the manifest last


rule change:
    input:
        maps=yearly("maps"),
        regions=CONFIG.change.regions or [],
    output:
        manifest="<results>/change/change.json",
        totals="<results>/change/totals.csv",
        pair="<results>/change/pair.csv",
        zonal="<results>/change/zonal.csv",
        significance="<results>/change/significance.csv",
        series="<results>/change/series.csv",
        regions="<results>/change/regions.csv",
        windows="<results>/change/windows.csv",
        decomposition="<results>/change/decomposition.csv",
    log:
        "<logs>/change/change.log",
    benchmark:
        "<results>/benchmarks/change.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        settings=settings(change=CONFIG.change, level=CONFIG.evaluate.level),
        code=code("change"),
        years=YEARS,
    message:
        "Analysing the change"
    shell:
        'python "$SCRIPTS"/change.py'
        " --years {params.years}"
        " --maps {input.maps:q}"
        " --regions {input.regions:q}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

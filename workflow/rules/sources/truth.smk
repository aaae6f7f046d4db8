# The simulated planet's true fluxes, stored apart: an input of `recovery` and of nothing else.
#
# needs  the seed and the planet's settings
# makes  <results>/truth/{year}.zarr          the fluxes of a year, one manifest per job
#        <results>/truth_months/{year}.zarr   those of its months, only with `fluxes.months`


rule truth:
    output:
        manifest="<results>/truth/{years}.json",
    log:
        "<logs>/truth/{years}.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(grid=MAP_GRID, seed=CONFIG.seed, planet=CONFIG.planet),
        code=code("sources.truth"),
        years=years_of,
    message:
        "Writing the planet's true fluxes, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/sources/truth.py'
        " --years {params.years}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


rule truth_months:
    output:
        manifest="<results>/truth_months/{years}.json",
    log:
        "<logs>/truth_months/{years}.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(grid=MAP_GRID, seed=CONFIG.seed, planet=CONFIG.planet),
        code=code("sources.truth_months"),
        years=years_of,
    message:
        "Writing the planet's true months, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/sources/truth_months.py'
        " --years {params.years}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

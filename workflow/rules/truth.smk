# The simulated planet's true fluxes, stored apart: an input of `recovery` and of nothing else.
#
# needs  the seed and the planet's settings
# makes  <results>/truth/{year}.zarr and one manifest per job


rule truth:
    output:
        manifest="<results>/truth/{years}.json",
    log:
        "<logs>/truth/{years}.log",
    conda:
        "../../envs/data.yaml"
    params:
        settings=settings(grid=MAP_GRID, seed=CONFIG.seed, planet=CONFIG.planet),
        code=code("truth"),
        years=years_of,
    message:
        "Writing the planet's true fluxes, {wildcards.years}"
    shell:
        'python "$SCRIPTS"/truth.py'
        " --years {params.years}"
        " --settings {params.settings:q}"
        " --code {params.code}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"

# Tests of the results. `gates` writes what they find and never fails for it, so that the
# report can show it; `verdict` comes after everything else and fails where a gate did.
#
# needs  the maps of every year; the recovery on the simulated planet
# makes  <results>/gates/gates.csv, gates.json, and verdict.json last


rule gates:
    input:
        maps=yearly("maps"),
        recovery="<results>/recovery/recovery.csv" if SIMULATED else [],
    output:
        table="<results>/gates/gates.csv",
        manifest="<results>/gates/gates.json",
    log:
        "<logs>/gates/gates.log",
    benchmark:
        "<results>/benchmarks/gates.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(
            gates={k: v for k, v in config["gates"].items() if k != "fail"},
            min_forest_fraction=config["infer"]["min_forest_fraction"],
            grid=config["grid"],
        ),
        code=code("gates"),
        years=YEARS,
    message:
        "Testing the maps"
    shell:
        'python "$SCRIPTS"/gates.py'
        " --years {params.years}"
        " --maps {input.maps:q}"
        " --recovery {input.recovery:q}"
        " --settings {params.settings:q}"
        " --table {output.table:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


# It waits for all other targets: a run that fails here has everything else finished.
rule verdict:
    input:
        everything=run_targets(),
        gates="<results>/gates/gates.json",
        report="<results>/report.html",
    output:
        verdict="<results>/gates/verdict.json",
    log:
        "<logs>/gates/verdict.log",
    retries: 0
    conda:
        "../../envs/data.yaml"
    params:
        settings=settings(fail=config["gates"]["fail"]),
        code=code("verdict"),
    message:
        "Judging the run by its gates"
    shell:
        'python "$SCRIPTS"/verdict.py'
        " --gates {input.gates:q}"
        " --report {input.report:q}"
        " --settings {params.settings:q}"
        " --output {output.verdict:q}"
        " --log {log:q}"

# Tests of the results. `gates` writes what they find and never fails for it, so that the
# report can show it; `final_check` comes after everything else and fails where a gate did.
#
# needs  the maps of every year; the coverage at towers; the recovery on the simulated planet
# makes  <results>/gates/gates.csv, gates.json, and final_check.json last


rule gates:
    input:
        maps=yearly("maps"),
        recovery="<results>/recovery/recovery.csv" if SIMULATED and CHANGED else [],
        coverage="<results>/recovery/coverage.csv" if SIMULATED and CHANGED else [],
        calibration="<results>/evaluate/calibration.csv",
    output:
        table="<results>/gates/gates.csv",
        manifest="<results>/gates/gates.json",
    log:
        "<logs>/gates/gates.log",
    benchmark:
        "<results>/benchmarks/gates.tsv"
    conda:
        "../../../envs/data.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=settings(
            gates=CONFIG.gates.numbers(
                *(k for k in CONFIG.gates.numbers() if k != "fail")
            ),
            min_forest_fraction=CONFIG.infer.min_forest_fraction,
            grid=MAP_GRID,
            simulated=SIMULATED,
        ),
        code=code("evaluation.gates"),
        years=YEARS,
    message:
        "Testing the maps"
    shell:
        'python "$SCRIPTS"/evaluation/gates.py'
        " --years {params.years}"
        " --maps {input.maps:q}"
        " --recovery {input.recovery:q}"
        " --coverage {input.coverage:q}"
        " --calibration {input.calibration:q}"
        " --settings {params.settings:q}"
        " --table {output.table:q}"
        " --manifest {output.manifest:q}"
        " --log {log:q}"


# It waits for all other targets: a run that fails here has everything else finished.
rule final_check:
    input:
        everything=run_targets(),
        gates="<results>/gates/gates.json",
        report="<results>/report.html",
    output:
        final_check="<results>/gates/final_check.json",
    log:
        "<logs>/gates/final_check.log",
    retries: 0
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(fail=CONFIG.gates.fail),
        code=code("evaluation.final_check"),
    message:
        "Judging the run by its gates"
    shell:
        'python "$SCRIPTS"/evaluation/final_check.py'
        " --gates {input.gates:q}"
        " --report {input.report:q}"
        " --settings {params.settings:q}"
        " --output {output.final_check:q}"
        " --log {log:q}"

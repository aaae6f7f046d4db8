"""forestflux: from satellite archive and flux towers to maps, change and figures."""

from snakemake.utils import min_version

min_version("9.20")


configfile: workflow.source_path("config/config.yaml")


pathvars:
    results=f"results/{config['run']}",
    logs=f"logs/{config['run']}",


include: "workflow/rules/common.smk"
include: "workflow/rules/towers.smk"
include: "workflow/rules/truth.smk"
include: "workflow/rules/extract.smk"
include: "workflow/rules/cube.smk"
include: "workflow/rules/mask.smk"
include: "workflow/rules/samples.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/baseline.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/explain.smk"
include: "workflow/rules/infer.smk"
include: "workflow/rules/map.smk"
include: "workflow/rules/change.smk"
include: "workflow/rules/recovery.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/quoted.smk"
include: "workflow/rules/report.smk"


# Every intermediate is a target: after a failed job, "nothing to be done" would
# otherwise hide a stale result behind a finished one.
rule all:
    default_target: True
    input:
        towers_targets(),
        stage_targets("extract"),
        stage_targets("cube"),
        stage_targets("mask"),
        "<results>/samples/samples.json",
        train_targets(),
        baseline_targets(),
        "<results>/evaluate/scores.csv",
        "<results>/model/model.json",
        "<results>/explain/importance.csv",
        map_targets(),
        figure_targets(),
        "<results>/explorer.html",
        "<results>/quoted.csv",
        "<results>/report.html",


rule figures:
    input:
        figure_targets(),

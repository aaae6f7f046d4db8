"""forestflux: from satellite archive and flux towers to maps, change and figures."""

from snakemake.utils import min_version

min_version("9.20")


configfile: workflow.source_path("config/config.yaml")


include: "workflow/rules/helpers/common.smk"
include: "workflow/rules/helpers/batches.smk"


pathvars:
    results=folder_of("results"),
    scratch=folder_of("scratch"),
    logs=f"logs/{CONFIG.run}",


include: "workflow/rules/helpers/sources.smk"
include: "workflow/rules/helpers/targets.smk"
include: "workflow/rules/helpers/page_targets.smk"
include: "workflow/rules/helpers/month_targets.smk"
include: "workflow/rules/helpers/earthengine.smk"
include: "workflow/rules/helpers/handover_targets.smk"
include: "workflow/rules/fluxnet.smk"
include: "workflow/rules/towers.smk"
include: "workflow/rules/truth.smk"
include: "workflow/rules/subsets.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/preview.smk"
include: "workflow/rules/region.smk"
include: "workflow/rules/extract.smk"
include: "workflow/rules/cube.smk"
include: "workflow/rules/mask.smk"
include: "workflow/rules/handover.smk"
include: "workflow/rules/samples.smk"
include: "workflow/rules/bibliography.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/baseline.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/ablation.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/months.smk"
include: "workflow/rules/explain.smk"
include: "workflow/rules/departures.smk"
include: "workflow/rules/infer.smk"
include: "workflow/rules/level.smk"
include: "workflow/rules/map.smk"
include: "workflow/rules/month_maps.smk"
include: "workflow/rules/change.smk"
include: "workflow/rules/drivers.smk"
include: "workflow/rules/recovery.smk"
include: "workflow/rules/month_recovery.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/card.smk"
include: "workflow/rules/online.smk"
include: "workflow/rules/publish.smk"
include: "workflow/rules/upload.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/headline.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/gates.smk"


rule all:
    default_target: True
    input:
        run_targets(),
        final_check_targets(),


# Extracted and masked, nothing more: what a pilot runs.
rule layers:
    input:
        stage_targets("mask"),


# Maps of every year in the forms that others read, without an analysis of change.
rule products:
    input:
        requested_products,


rule figures:
    input:
        figure_targets(),
        column_figures(),


onstart:
    require_account()

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
include: "workflow/rules/towers/fluxnet.smk"
include: "workflow/rules/towers/towers.smk"
include: "workflow/rules/sources/truth.smk"
include: "workflow/rules/sources/subsets.smk"
include: "workflow/rules/sources/plan.smk"
include: "workflow/rules/core/region.smk"
include: "workflow/rules/sources/extract.smk"
include: "workflow/rules/prepare/cube.smk"
include: "workflow/rules/prepare/mask.smk"
include: "workflow/rules/prepare/handover.smk"
include: "workflow/rules/prepare/samples.smk"
include: "workflow/rules/ensemble/train.smk"
include: "workflow/rules/models/baseline.smk"
include: "workflow/rules/models/season_folds.smk"
include: "workflow/rules/evaluation/evaluate.smk"
include: "workflow/rules/evaluation/ablation.smk"
include: "workflow/rules/ensemble/model.smk"
include: "workflow/rules/ensemble/season.smk"
include: "workflow/rules/evaluation/month_scores.smk"
include: "workflow/rules/evaluation/explain.smk"
include: "workflow/rules/prepare/departures.smk"
include: "workflow/rules/maps/infer.smk"
include: "workflow/rules/maps/level.smk"
include: "workflow/rules/maps/map.smk"
include: "workflow/rules/maps/month_maps.smk"
include: "workflow/rules/change/change.smk"
include: "workflow/rules/change/drivers.smk"
include: "workflow/rules/change/month_tables.smk"
include: "workflow/rules/evaluation/recovery.smk"
include: "workflow/rules/evaluation/month_recovery.smk"
include: "workflow/rules/evaluation/compare.smk"
include: "workflow/rules/publish/online.smk"
include: "workflow/rules/publish/publish.smk"
include: "workflow/rules/publish/publish_months.smk"
include: "workflow/rules/publish/upload.smk"
include: "workflow/rules/pages/preview.smk"
include: "workflow/rules/pages/bibliography.smk"
include: "workflow/rules/pages/card.smk"
include: "workflow/rules/pages/figures.smk"
include: "workflow/rules/pages/explorer.smk"
include: "workflow/rules/pages/headline.smk"
include: "workflow/rules/pages/report.smk"
include: "workflow/rules/evaluation/gates.smk"


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

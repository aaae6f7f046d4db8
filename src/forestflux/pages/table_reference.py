"""The reference of the tables of a run, written from their schemas."""

from forestflux.change.change_schemas import CHANGE_TABLES, MONTH_REGIONS
from forestflux.change.month_zones import MONTH_ZONES
from forestflux.evaluation.ablation_table import VARIANT_PREDICTIONS
from forestflux.evaluation.compare.comparison_schemas import COMPARISON_TABLES
from forestflux.evaluation.evaluation_schemas import EVALUATION_TABLES
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.evaluation.months.month_recovery import MONTH_RECOVERY
from forestflux.evaluation.months.month_schemas import MONTH_TABLES
from forestflux.models.cross_validation import FOLD_PREDICTIONS
from forestflux.models.seasons.season_folds import MONTH_SHARES
from forestflux.pages.headline_numbers import HEADLINE
from forestflux.pages.tower_citations import BIBLIOGRAPHY
from forestflux.prepare.handover_table import HANDOVERS
from forestflux.prepare.sample_schema import SAMPLES
from forestflux.sources.modis_subsets.subset_images import SOURCES
from forestflux.towers.tower_schemas import (
    CITATIONS,
    FLUXNET_SITE_YEARS,
    LEFT_OUT,
    MONTHS_LEFT_OUT,
    SITE_MONTHS,
    SITES,
)

TABLES = {
    # Of the two forms of site_years.csv the one that has all columns.
    "Towers": (
        *(SITES, FLUXNET_SITE_YEARS, SITE_MONTHS),
        *(CITATIONS, LEFT_OUT, MONTHS_LEFT_OUT),
    ),
    "MODIS subsets": (SOURCES,),
    "Products that take over": (HANDOVERS,),
    "Samples": (SAMPLES, BIBLIOGRAPHY),
    "Predictions of unseen rows": (FOLD_PREDICTIONS, VARIANT_PREDICTIONS),
    "Evaluation": (*EVALUATION_TABLES, GATES),
    "Months": (
        *(MONTH_SHARES, *MONTH_TABLES),
        *(MONTH_ZONES, MONTH_REGIONS, MONTH_RECOVERY),
    ),
    "Change": CHANGE_TABLES,
    "Beside other products": COMPARISON_TABLES,
    "Numbers that a text quotes": (HEADLINE,),
}


def render_table_reference() -> str:
    """Markdown with one section for each table (docs/reference/tables.md)."""
    parts = []
    for title, schemas in TABLES.items():
        parts += [f"## {title}\n", *(schema.to_markdown() for schema in schemas)]
    return "\n".join(parts).strip()

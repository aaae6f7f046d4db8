"""The reference of the tables of a run, written from their schemas."""

from forestflux.change.change_schemas import CHANGE_TABLES
from forestflux.evaluation.ablation_table import VARIANT_PREDICTIONS
from forestflux.evaluation.evaluation_schemas import EVALUATION_TABLES
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.models.cross_validation import FOLD_PREDICTIONS
from forestflux.pages.headline_numbers import HEADLINE
from forestflux.pages.tower_citations import BIBLIOGRAPHY
from forestflux.prepare.handover_table import HANDOVERS
from forestflux.prepare.sample_schema import SAMPLES
from forestflux.sources.modis_subsets.subset_images import SOURCES
from forestflux.towers.tower_schemas import (
    CITATIONS,
    FLUXNET_SITE_YEARS,
    LEFT_OUT,
    SITES,
)

TABLES = {
    # Of the two forms of site_years.csv the one that has all columns.
    "Towers": (SITES, FLUXNET_SITE_YEARS, CITATIONS, LEFT_OUT),
    "MODIS subsets": (SOURCES,),
    "Products that take over": (HANDOVERS,),
    "Samples": (SAMPLES, BIBLIOGRAPHY),
    "Predictions of unseen rows": (FOLD_PREDICTIONS, VARIANT_PREDICTIONS),
    "Evaluation": (*EVALUATION_TABLES, GATES),
    "Change": CHANGE_TABLES,
    "Numbers that a text quotes": (HEADLINE,),
}


def render_table_reference() -> str:
    """Markdown with one section for each table (docs/reference/tables.md)."""
    parts = []
    for title, schemas in TABLES.items():
        parts += [f"## {title}\n", *(schema.to_markdown() for schema in schemas)]
    return "\n".join(parts).strip()

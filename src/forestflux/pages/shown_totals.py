"""Totals as the pages of a run show them: all in the unit that suits its forest."""

from pathlib import Path

import pandas as pd

from forestflux.change.change_schemas import TOTALS
from forestflux.core.names import TOTAL_SLOPE_UNIT, TOTAL_UNIT
from forestflux.core.total_units import TotalUnit, choose_total_unit
from forestflux.jobs.tables import TableSchema


def find_run_unit(results: Path) -> TotalUnit:
    """The unit that suits all forests of a run, from its `change/totals.csv`."""
    return choose_run_unit(TOTALS.read(results))


def choose_run_unit(totals: pd.DataFrame) -> TotalUnit:
    """The unit that suits all forests.

    Parameters
    ----------
    totals : `change/totals.csv` or `change/regions.csv`
    """
    whole = (totals["kind"] == "all") & (totals["variable"] == "gpp")
    return choose_total_unit(float(totals.loc[whole, "total"].abs().max()))


def scale_totals(
    table: pd.DataFrame, schema: TableSchema, unit: TotalUnit
) -> pd.DataFrame:
    """A table whose totals and their slopes are in a unit."""
    columns = [
        column.name
        for column in schema.columns
        if column.unit in (TOTAL_UNIT, TOTAL_SLOPE_UNIT)
    ]
    return table.assign(**{name: table[name] * unit.factor for name in columns})


def raise_exponents(unit: str) -> str:
    """A unit as figures write it: `PgC yr-1` with a raised exponent."""
    head, _, power = unit.rpartition("-")
    return rf"{head}$^{{-{power}}}$"

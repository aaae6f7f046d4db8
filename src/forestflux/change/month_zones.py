"""Months by latitude: the mean season of each zone of the globe."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.change.strata.latitude_bands import label_zones, zone_width
from forestflux.core.calendars.months import MONTH_FLUX_UNIT, MONTHS
from forestflux.core.grids.forest_area import AREA_LAYERS, measure_forest_area
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FLUXES
from forestflux.jobs.stores.chunked import blocks
from forestflux.jobs.stores.store import load_part, load_store, open_store
from forestflux.jobs.tables import Column, TableSchema

# Rows that are in memory at once.
BAND = 100
MONTH_ZONES = TableSchema(
    "months/zones.csv",
    "a zone of latitude and a month: means over the forest of the zone and the mapped years",
    (
        Column("latitude", "middle of the zone", unit="degrees north"),
        Column("month", "calendar month, 1-12", "integer"),
        Column("forest_area", "mean over the years", unit="m2"),
        Column("gpp", "gross primary production", unit=MONTH_FLUX_UNIT),
        Column("reco", "ecosystem respiration", unit=MONTH_FLUX_UNIT),
        Column("nee", "net ecosystem exchange", unit=MONTH_FLUX_UNIT),
    ),
)


def tabulate_month_zones(
    months: Mapping[int, Path], maps: Mapping[int, Path], *, width_deg: float
) -> pd.DataFrame:
    """The table `MONTH_ZONES`; zones without forest are left out.

    Parameters
    ----------
    months, maps : by year, stores of the months and of the map of the year
    width_deg : height of a zone, degrees; a row of the grid where the grid is coarser
    """
    first = open_store(next(iter(maps.values())))
    latitudes, longitudes = first["y"].values, first["x"].values
    width = zone_width(float(longitudes[1] - longitudes[0]), width_deg)
    zone = label_zones(latitudes, width=width)
    count = int(zone[-1]) + 1
    area = np.zeros(count)
    sums = {flux: np.zeros((MONTHS, count)) for flux in FLUXES}
    for year, path in months.items():
        of_months = open_store(path)
        for where in blocks({"y": len(latitudes)}, {"y": BAND}):
            layers = load_store(
                maps[year], AREA_LAYERS, optional=REGION_LAYERS, rows=where["y"]
            )
            fluxes = load_part(of_months, FLUXES, **where)
            known = np.isfinite(fluxes["gpp"].values[0])
            forest = np.where(known, measure_forest_area(layers), 0.0).astype(float)
            np.add.at(area, zone[where["y"]], forest.sum(axis=1))
            for flux, total in sums.items():
                amount = np.nan_to_num(fluxes[flux].values).astype(float) * forest
                np.add.at(total.T, zone[where["y"]], amount.sum(axis=2).T)
    centres = 90 - (np.arange(count) + 0.5) * width
    there = area > 0
    table = pd.DataFrame(
        {
            "latitude": np.repeat(centres[there], MONTHS),
            "month": np.tile(np.arange(1, MONTHS + 1), there.sum()),
            "forest_area": np.repeat(area[there] / len(months), MONTHS),
        }
    )
    means = {
        flux: (total[:, there] / area[there]).T.ravel() for flux, total in sums.items()
    }
    return table.assign(**means)[MONTH_ZONES.names]

"""Tables of places: what a user's table of towers or points says of where they are."""

from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.reading.plain_text import is_printable
from forestflux.jobs.user_tables import parse_numbers, read_csv, refuse_cell


def read_places(path: Path, *columns: str) -> pd.DataFrame:
    """Places of a user's table: site as text, lat and lon (degrees) as numbers, others as text.

    Parameters
    ----------
    columns : that must be there beside site, lat and lon

    Raises
    ------
    InputError : an unreadable table, a site twice, a place off the globe
    """
    table = read_csv(path, ("site", "lat", "lon", *columns))
    refuse_cell(
        table["site"].eq("").to_numpy(), table, "site", path=path, expected="a name"
    )
    hidden = ~table["site"].map(is_printable).to_numpy(bool)
    expected = "a name of printable characters"
    refuse_cell(hidden, table, "site", path=path, expected=expected)
    repeated = table["site"].duplicated().to_numpy()
    refuse_cell(repeated, table, "site", path=path, expected="each site once")
    lat, lon = (parse_numbers(table, column, path=path) for column in ("lat", "lon"))
    for column, values, limit in (("lat", lat, 90), ("lon", lon, 180)):
        refuse_cell(
            np.abs(values) > limit,
            table,
            column,
            path=path,
            expected=f"degrees from -{limit} to {limit}",
        )
    return table.assign(lat=lat, lon=lon)

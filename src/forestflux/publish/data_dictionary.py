"""The data dictionary: every layer of the products in one table for people."""

from collections.abc import Sequence

from forestflux.core.calendars.months import MONTHS
from forestflux.core.layers import REGION_SHARE, list_layers
from forestflux.core.names import FLUXES
from forestflux.publish.geotiff import BANDS, list_bands
from forestflux.publish.months.month_dataset import describe_month_layers

HEAD = """# Data dictionary

Layers of the products of a year, written from the table that the files are written from.
Fluxes are per m2 of forest ground: a total is the sum of flux x {area}.
Cells without forest have no value: NaN (1e20 in NetCDF) in fluxes and `dissimilarity`, 255 in
`applicable` and `quality`; each file says so (`_FillValue`, nodata). Rows run from north to south,
columns {columns}.

| layer | type | unit | what | standard name | GeoTIFF, band |
|---|---|---|---|---|---|
"""
MONTH_HEAD = """
## Months

Layers of `months/{year}/`, twelve steps a year; `forest_fraction` and `cell_area` are those above.

| layer | type | unit | what | standard name | GeoTIFF, band |
|---|---|---|---|---|---|
"""


def data_dictionary(
    *,
    level: float,
    region: bool = False,
    months: bool = False,
    to_choose: Sequence[str] = (),
) -> str:
    """The data dictionary in Markdown.

    Parameters
    ----------
    level : nominal coverage of the intervals, 0-1
    region : whether the products are those of a region
    months : whether there are products of months too
    to_choose : what the publisher has not chosen yet, a sentence each
    """
    rows, notes = [], []
    for name, layer in list_layers(region=region).items():
        attrs = layer.attributes(level=level)
        cells = (
            f"`{name}`",
            layer.dtype,
            attrs.get("units", ""),
            attrs["long_name"],
            attrs.get("standard_name", ""),
            file_and_band(name, region=region),
        )
        rows.append(f"| {' | '.join(map(str, cells))} |\n")
        flags = "; ".join(f"{value} {text}" for value, text in layer.flags.items())
        text = " ".join(str(part) for part in (attrs.get("comment", ""), flags) if part)
        if text:
            notes.append(f"- `{name}`: {text}\n")
    reminder = f"\n**Before you share:** {' '.join(to_choose)}\n" if to_choose else ""
    area, columns = "`cell_area` x `forest_fraction`", "from 180 W to 180 E"
    if region:
        area += f" x `{REGION_SHARE}`"
        columns = "eastward, past 180 E where the region goes on there"
    head = HEAD.format(area=area, columns=columns)
    of_months = list_month_layers(level) if months else ""
    return head + "".join(rows) + "\n" + "".join(notes) + of_months + reminder


def list_month_layers(level: float) -> str:
    """The layers of months in Markdown."""
    rows, notes = [], []
    for name, attrs in describe_month_layers(level).items():
        files = f"{name}, 1 to {MONTHS}" if name in FLUXES else ""
        cells = (f"`{name}`", "float32", attrs["units"], attrs["long_name"], "", files)
        rows.append(f"| {' | '.join(cells)} |\n")
        notes.append(f"- `{name}`: {attrs['comment']}\n")
    return MONTH_HEAD + "".join(rows) + "\n" + "".join(notes)


def file_and_band(name: str, *, region: bool) -> str:
    """GeoTIFF file and band of a layer, `fluxes, 3`."""
    bands = {kind: list_bands(kind, region=region) for kind in BANDS}
    kind, names = next(item for item in bands.items() if name in item[1])
    return f"{kind}, {names.index(name) + 1}"

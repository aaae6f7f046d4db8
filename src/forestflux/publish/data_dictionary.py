"""The data dictionary: every layer of the products in one table for people."""

from forestflux.core.layers import LAYERS
from forestflux.publish.geotiff import BANDS

HEAD = """# Data dictionary

Layers of the products of a year, written from the table that the files are written from.
Fluxes are per m2 of forest ground: a total is the sum of flux x `cell_area` x `forest_fraction`.
Cells without forest are NaN (fluxes, `dissimilarity`) or 255 (`applicable`, `quality`). Rows run
from north to south, columns from 180 W to 180 E.

| layer | type | unit | what | standard name | GeoTIFF, band |
|---|---|---|---|---|---|
"""


def data_dictionary(*, level: float) -> str:
    """The data dictionary in Markdown.

    Parameters
    ----------
    level : nominal coverage of the intervals, 0-1
    """
    rows, notes = [], []
    for name, layer in LAYERS.items():
        attrs = layer.attributes(level=level)
        cells = (
            f"`{name}`",
            layer.dtype,
            attrs.get("units", ""),
            attrs["long_name"],
            attrs.get("standard_name", ""),
            file_and_band(name),
        )
        rows.append(f"| {' | '.join(map(str, cells))} |\n")
        flags = "; ".join(f"{value} {text}" for value, text in layer.flags.items())
        text = " ".join(str(part) for part in (attrs.get("comment", ""), flags) if part)
        if text:
            notes.append(f"- `{name}`: {text}\n")
    return HEAD + "".join(rows) + "\n" + "".join(notes)


def file_and_band(name: str) -> str:
    """GeoTIFF file and band of a layer, `fluxes, 3`; `none` where it is in no GeoTIFF."""
    for kind, names in BANDS.items():
        if name in names:
            return f"{kind}, {names.index(name) + 1}"
    return "none"

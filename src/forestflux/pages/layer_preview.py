"""Preview: an interactive map of a year's layers, their gaps and the towers, before any download.

Earth Engine draws the layers while a reader looks at them, from its image pyramid. They are
less exact than the numbers of a run. Only this module needs geemap.
"""

import html
import os
from collections.abc import Iterator, Mapping
from types import ModuleType

import ee
import folium
import pandas as pd

from forestflux.core.product_tables.products import Extract, Product
from forestflux.sources.earthengine.layer_groups import rejected_numbers

VALUE_COLOURS = ("#f7f4ea", "#c9d8a3", "#7fb069", "#2f7d4f", "#0b3d2e")
GAP_COLOURS = ("#ffffff", "#fdd0a2", "#e6550d", "#7f2704")
RANGES = {
    "ndvi": (0.0, 1.0),
    "evi": (0.0, 0.7),
    "et": (0.0, 5.0),
    "lst_day": (255.0, 320.0),
    "lst_night": (245.0, 305.0),
    "precip": (0.0, 10.0),
}


def draw_preview(
    products: Mapping[str, Product],
    *,
    layers: list[str],
    year: int,
    sites: pd.DataFrame | None,
) -> str:
    """The map as one HTML page.

    Parameters
    ----------
    products : products of tiles, by variable
    layers : variables to show; `landcover` shows the forest
    year : the year whose means and gaps are shown
    sites : site, lat, lon, igbp of the towers; none are drawn without them
    """
    page = import_geemap().Map(ee_initialize=False, plugin_Draw=False)
    for name, image, style in iterate_pictures(products, layers=layers, year=year):
        page.add_layer(image, style, name, shown=name.startswith(layers[0]))
    if sites is not None:
        make_tower_markers(sites).add_to(page)
    page.add_layer_control()
    return page.get_root().render()


def import_geemap() -> ModuleType:
    """The package geemap, drawing with folium: it reads the choice when it is imported."""
    os.environ["USE_FOLIUM"] = "1"
    import geemap

    return geemap


def iterate_pictures(
    products: Mapping[str, Product], *, layers: list[str], year: int
) -> Iterator[tuple[str, ee.Image, dict]]:
    """Name, image and style of each picture: means and gaps, then the forest."""
    for variable in (name for name in products if name in layers):
        images = select_trusted_images(products[variable], year)
        mask = products[variable].mask
        low, high = RANGES.get(variable) or (mask.physical if mask else (0.0, 1.0))
        style = {"min": low, "max": high, "palette": list(VALUE_COLOURS)}
        yield f"{variable} {year}, mean", images.mean(), style
        share = images.count().unmask(0).divide(images.size())
        style = {"min": 0, "max": 1, "palette": list(GAP_COLOURS)}
        gaps = ee.Image.constant(1).subtract(share)
        yield f"{variable} {year}, share of gaps", gaps, style
    if "landcover" in layers:
        style = {"min": 0, "max": 100, "palette": list(VALUE_COLOURS)}
        yield (
            f"forest {year}, percent",
            compute_forest_percent(products["landcover"].extract, year),
            style,
        )


def select_trusted_images(product: Product, year: int) -> ee.ImageCollection:
    """The physical values of a product's images in a year, masked where not trusted.

    Raises
    ------
    ValueError : the product has no part `mask`
    """
    extract, mask = product.extract, product.mask
    if mask is None:
        raise ValueError(f"{extract.band} has no part `mask`")
    rules = extract.average or mask
    stored = extract.archive.multiply if extract.archive is not None else 1
    scale = mask.scale * mask.multiply
    if mask.per_composite:
        scale /= 1 if extract.sum_over_step else 8

    def mask_untrusted(image: ee.Image) -> ee.Image:
        value = image.select([extract.band]).multiply(stored)
        if rules.valid is not None:
            low, high = rules.valid
            value = value.updateMask(value.gte(low).And(value.lte(high)))
        if extract.quality_band is not None:
            rejected, reasons = rejected_numbers(rules)
            quality = image.select([extract.quality_band]).unmask(0, False)
            flagged = quality.remap(list(rejected), list(reasons), 0)
            value = value.updateMask(flagged.eq(0))
        return value.multiply(scale)

    first, *others = (
        ee.ImageCollection(name).filterDate(f"{year}-01-01", f"{year + 1}-01-01")
        for name in extract.collections
    )
    for other in others:
        first = first.merge(other)
    return first.map(mask_untrusted)


def compute_forest_percent(extract: Extract, year: int) -> ee.Image:
    """Percent of a cell under forest, masked where there is none."""
    images = ee.ImageCollection(extract.collections[0])
    image = images.filterDate(f"{year}-01-01", f"{year + 1}-01-01").mean()
    first, *others = (
        image.select([f"{extract.band}_{number}"]) for number in extract.classes
    )
    for other in others:
        first = first.add(other)
    return first.updateMask(first.gt(0))


def make_tower_markers(sites: pd.DataFrame) -> folium.FeatureGroup:
    """A marker for each tower with its name and class."""
    group = folium.FeatureGroup(name="towers")
    for site in sites.itertuples(index=False):
        folium.CircleMarker(
            location=[site.lat, site.lon],
            radius=4,
            color="#1f2a44",
            weight=1,
            fill=True,
            fill_opacity=0.9,
            tooltip=html.escape(f"{site.site} ({site.igbp})"),
        ).add_to(group)
    return group

"""World maps on an equal-area projection, drawn without any download."""

from functools import lru_cache

import cartopy.crs as ccrs
import numpy as np
import shapely
import xarray as xr
from cartopy.mpl.geoaxes import GeoAxes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.image import AxesImage
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from odc.geo.data import ocean_geom

from forestflux.errors import InputError
from forestflux.figures.style import StyleSettings

LAND = "#E6E6E6"
COAST = "#6E6E6E"
# Antarctica and the high Arctic have no forest: the page goes to the rest.
SOUTH, NORTH = -57.0, 80.0
# Finer cells than this are averaged for display: the paper could not show them.
FINEST_DEG = 0.25
PIXELS = 1600  # columns of the drawn raster: 300 dpi on half a page
STIPPLE_DEG = 4.0

GEOGRAPHIC = ccrs.PlateCarree()


def world_axes(
    figure: Figure, place: SubplotSpec, *, settings: StyleSettings
) -> GeoAxes:
    """An empty world: grey land, white sea, coastlines above whatever is drawn later."""
    projections = {"EqualEarth": ccrs.EqualEarth, "Mollweide": ccrs.Mollweide}
    if settings.projection not in projections:
        raise InputError(
            "configuration",
            variable="figures.projection",
            expected=" or ".join(projections),
            found=settings.projection,
        )
    projection = projections[settings.projection]()
    ax = figure.add_subplot(place, projection=projection)
    outline = project_outline(land_polygons(), projection)
    ax.add_patch(PathPatch(outline, facecolor=LAND, edgecolor="none", zorder=0))
    ax.add_patch(
        PathPatch(outline, facecolor="none", edgecolor=COAST, linewidth=0.3, zorder=5)
    )
    middle = projection.transform_points(
        GEOGRAPHIC, np.zeros(2), np.array([SOUTH, NORTH])
    )
    ax.set_xlim(projection.x_limits)
    ax.set_ylim(middle[0, 1], middle[1, 1])
    ax.spines["geo"].set_linewidth(0.4)
    ax.spines["geo"].set_edgecolor(COAST)
    return ax


@lru_cache(maxsize=1)
def land_polygons() -> shapely.Geometry:
    """Land of the Earth in degrees: what the oceans that come with odc-geo leave free."""
    # a hair inside the date line, where a projection would jump to the other edge
    world = shapely.box(-179.999, -90, 179.999, 90)
    return shapely.segmentize(world.difference(ocean_geom().geom), 2.0)


def project_outline(polygons: shapely.Geometry, projection: ccrs.Projection) -> Outline:
    """Rings of polygons in degrees as one outline in the projection's metres."""
    rings = [
        ring
        for polygon in shapely.get_parts(polygons)
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    outlines = []
    for ring in rings:
        lon, lat = shapely.get_coordinates(ring).T
        points = projection.transform_points(GEOGRAPHIC, lon, lat)[:, :2]
        outlines.append(Outline(points, closed=True))
    return Outline.make_compound_path(*outlines)


def draw_raster(
    ax: GeoAxes, values: xr.DataArray, *, cmap: Colormap, norm: Normalize
) -> AxesImage:
    """The image of a global raster (y, x) on a map; NaN shows the land below.

    Every pixel of the image takes the cell in which it lies, so cells keep their edges at
    any resolution and the vector file holds one small image.
    """
    values = thin(values)
    projection = ax.projection
    left, right = projection.x_limits
    bottom, top = ax.get_ylim()
    rows = round(PIXELS * (top - bottom) / (right - left))
    x = left + (np.arange(PIXELS) + 0.5) * (right - left) / PIXELS
    y = top - (np.arange(rows) + 0.5) * (top - bottom) / rows
    picked = pick_cells(values, *np.meshgrid(x, y), projection)
    limits = ax.get_xlim(), ax.get_ylim()
    image = ax.imshow(
        picked,
        extent=(left, right, bottom, top),
        origin="upper",
        transform=projection,
        cmap=cmap,
        norm=norm,
        zorder=2,
    )
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])
    return image


def pick_cells(
    values: xr.DataArray, x: np.ndarray, y: np.ndarray, projection: ccrs.Projection
) -> np.ndarray:
    """Value of the cell at each point of the projection; NaN outside globe and grid."""
    lon, lat = np.moveaxis(GEOGRAPHIC.transform_points(projection, x, y)[..., :2], -1, 0)
    # beyond the globe's rim the inverse wraps round: there, forward is not where we were
    back = projection.transform_points(GEOGRAPHIC, lon, lat)[..., 0]
    inside = np.isfinite(lat) & (np.abs(back - x) < 1.0)
    latitudes, longitudes = values["y"].to_numpy(), values["x"].to_numpy()
    row = (lat - latitudes[0]) / (latitudes[1] - latitudes[0])
    column = (lon - longitudes[0]) / (longitudes[1] - longitudes[0])
    row, column = (np.rint(np.where(inside, k, -1)).astype(int) for k in (row, column))
    inside &= (row >= 0) & (row < len(latitudes))
    inside &= (column >= 0) & (column < len(longitudes))
    picked = values.to_numpy()[np.where(inside, row, 0), np.where(inside, column, 0)]
    return np.where(inside, picked, np.nan)


def thin(values: xr.DataArray) -> xr.DataArray:
    """Blocks of cells averaged until no cell is finer than a quarter of a degree."""
    size = abs(float(values["y"][1] - values["y"][0]))
    block = max(1, int(FINEST_DEG / size + 1e-6))
    if block == 1:
        return values
    return values.coarsen(y=block, x=block, boundary="trim").mean()


def stipple(ax: GeoAxes, where: xr.DataArray) -> None:
    """Small dots at regular distances where a condition (y, x) holds."""
    size = abs(float(where["y"][1] - where["y"][0]))
    step = max(1, round(STIPPLE_DEG / size))
    picked = where[step // 2 :: step, step // 2 :: step]
    row, column = np.nonzero(picked.to_numpy())
    ax.scatter(
        picked["x"].to_numpy()[column],
        picked["y"].to_numpy()[row],
        s=0.9,
        color="#202020",
        linewidths=0,
        transform=GEOGRAPHIC,
        zorder=4,
    )


def sequential(*values: xr.DataArray) -> Normalize:
    """One scale for several maps, from zero to the highest 2 % of cells."""
    top = np.nanquantile(np.concatenate([v.to_numpy().ravel() for v in values]), 0.98)
    return Normalize(0, float(top) if top > 0 else 1.0)


def centred(*values: xr.DataArray) -> Normalize:
    """One scale for several maps with zero in its middle, to the strongest 2 % of cells."""
    every = np.abs(np.concatenate([v.to_numpy().ravel() for v in values]))
    limit = float(np.nanquantile(every, 0.98)) or 1.0
    return Normalize(-limit, limit)

"""World maps on an equal-area projection, drawn without any download."""

import cartopy.crs as ccrs
import numpy as np
import shapely
import xarray as xr
from cartopy.mpl.geoaxes import GeoAxes
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.image import AxesImage
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from forestflux.core.grids.land import land_polygons
from forestflux.core.input_errors import InputError
from forestflux.core.regions.country_outlines import cut_countries
from forestflux.pages.figures.figure_style import StyleSettings
from forestflux.pages.labels_and_colours import PALENESS

LAND = "#D4D4D4"
COAST = "#6E6E6E"
# Antarctica and the high Arctic have no forest: the page goes to the rest.
SOUTH, NORTH = -57.0, 80.0
# Finer cells than this are averaged for display: the paper could not show them.
FINEST_DEG = 0.25
# How land is found again, to be drawn anew.
LAND_GID = "land"
# A frame that is narrower than this has the finer coasts and borders of the countries.
FINE_OUTLINES_DEG = 40.0
# A region that is narrower than this is shown alone, with so much of its size around it.
WIDEST_FRAME_DEG = 120.0
FRAME_MARGIN = 0.05
PIXELS = 1600  # columns of the drawn raster: 300 dpi on half a page
HATCH_PIXELS = 18  # from one line of a hatching to the next
LINE_PIXELS = 2

GEOGRAPHIC = ccrs.PlateCarree()
PROJECTIONS = {"EqualEarth": ccrs.EqualEarth, "Mollweide": ccrs.Mollweide}


def world_axes(
    figure: Figure, place: SubplotSpec, *, settings: StyleSettings
) -> GeoAxes:
    """An empty world: grey land, white sea, coastlines above what is drawn later."""
    if settings.projection not in PROJECTIONS:
        raise InputError(
            "configuration",
            variable="figures.projection",
            expected=" or ".join(PROJECTIONS),
            found=settings.projection,
        )
    projection = PROJECTIONS[settings.projection]()
    ax = figure.add_subplot(place, projection=projection)
    draw_land(ax, shapely.segmentize(land_polygons(), 2.0))
    middle = projection.transform_points(
        GEOGRAPHIC, np.zeros(2), np.array([SOUTH, NORTH])
    )
    ax.set_xlim(projection.x_limits)
    ax.set_ylim(middle[0, 1], middle[1, 1])
    ax.spines["geo"].set_linewidth(0.4)
    ax.spines["geo"].set_edgecolor(COAST)
    return ax


def draw_land(ax: GeoAxes, land: shapely.Geometry) -> None:
    """Grey land and its lines in the place of what was drawn before."""
    for old in [one for one in ax.get_children() if one.get_gid() == LAND_GID]:
        old.remove()
    outline = project_outline(land, ax.projection)
    style = {"gid": LAND_GID, "edgecolor": "none"}
    lines = {"facecolor": "none", "edgecolor": COAST, "linewidth": 0.3, "zorder": 5}
    for patch in (
        PathPatch(outline, facecolor=LAND, zorder=0, **style),
        PathPatch(outline, **style | lines),
    ):
        ax.add_artist(patch)  # not add_patch: its search for limits takes longer


def project_outline(polygons: shapely.Geometry, projection: ccrs.Projection) -> Outline:
    """Rings of polygons in degrees as one outline in the projection's metres."""
    rings = [
        ring
        for polygon in shapely.get_parts(shapely.get_parts(polygons))
        if isinstance(polygon, shapely.Polygon) and not polygon.is_empty
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    outlines = []
    for ring in rings:
        lon, lat = shapely.get_coordinates(ring).T
        points = projection.transform_points(GEOGRAPHIC, lon, lat)[:, :2]
        outlines.append(Outline(points, closed=True))
    return Outline.make_compound_path(*outlines)


def pixel_centres(ax: GeoAxes) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Centres x and y (top to bottom) of the pixels of a map, and its extent, metres."""
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    rows = round(PIXELS * (top - bottom) / (right - left))
    x = left + (np.arange(PIXELS) + 0.5) * (right - left) / PIXELS
    y = top - (np.arange(rows) + 0.5) * (top - bottom) / rows
    return x, y, (left, right, bottom, top)


def draw_raster(
    ax: GeoAxes,
    values: xr.DataArray,
    *,
    cmap: Colormap,
    norm: Normalize | None,
    average: bool = True,
) -> AxesImage:
    """The image of a raster (y, x) on a map; NaN shows the land below.

    Every pixel of the image takes the cell in which it lies, so cells keep their edges
    at any resolution and the vector file holds one small image. Finer cells are
    averaged, or with `average` false, as codes must be, one of them is shown. The map of a
    region fills its frame.
    """
    shown = cut_to_values(values)
    if is_framed(shown):
        frame_window(ax, shown)
    x, y, extent = pixel_centres(ax)
    image = ax.imshow(
        pick_cells(thin(values) if average else values, x, y, ax.projection),
        extent=extent,
        origin="upper",
        transform=ax.projection,
        cmap=cmap,
        norm=norm,
        zorder=2,
    )
    ax.set(xlim=extent[:2], ylim=extent[2:])
    return image


def cut_to_values(values: xr.DataArray) -> xr.DataArray:
    """The smallest window of a raster with all of its values: tiles reach beyond a region."""
    there = np.isfinite(values.to_numpy())
    rows, columns = (np.flatnonzero(there.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return values
    return values[grow_span(rows, values.shape[0]), grow_span(columns, values.shape[1])]


def grow_span(places: np.ndarray, size: int) -> slice:
    """From the first to the last place, and one more where there is only one."""
    first, last = int(places[0]), int(places[-1]) + 1
    if last - first < 2:
        first, last = max(first - 1, 0), min(last + 1, size)
    return slice(first, last)


def is_framed(values: xr.DataArray) -> bool:
    """Whether a raster is of a region that is shown alone: one that lies on one side of 180."""
    west, east = values["x"].to_numpy()[[0, -1]]
    return bool(east - west < WIDEST_FRAME_DEG and east <= 180)


def frame_window(ax: GeoAxes, values: xr.DataArray) -> None:
    """Limit a map to the window of a raster and a little around it; a narrow one has borders."""
    lon, lat = (values[name].to_numpy() for name in ("x", "y"))
    margin = max(np.ptp(lon), np.ptp(lat)) * FRAME_MARGIN + abs(lon[1] - lon[0])
    west, east = max(lon.min() - margin, -180), min(lon.max() + margin, 180)
    south, north = max(lat.min() - margin, -90), min(lat.max() + margin, 90)
    if max(east - west, north - south) < FINE_OUTLINES_DEG:
        window = shapely.box(west, south, east, north).buffer(margin + 1)
        draw_land(ax, shapely.GeometryCollection(cut_countries(window)))
    along = np.linspace(0, 1, 50)
    edges = [(west + (east - west) * along, end + 0 * along) for end in (south, north)]
    edges += [
        (end + 0 * along, south + (north - south) * along) for end in (west, east)
    ]
    x, y = np.concatenate(edges, axis=1)
    points = ax.projection.transform_points(GEOGRAPHIC, x, y)[:, :2]
    ax.set_xlim(points[:, 0].min(), points[:, 0].max())
    ax.set_ylim(points[:, 1].min(), points[:, 1].max())


def pick_cells(
    values: xr.DataArray, x: np.ndarray, y: np.ndarray, projection: ccrs.Projection
) -> np.ndarray:
    """Value of the cell at each point (y, x) of the projection; NaN off the globe.

    Both projections are pseudocylindrical: parallels are straight and evenly divided,
    so that one transform per row is enough.

    Parameters
    ----------
    values : raster (y, x) with cell centres in degrees, which may go on past 180
    x, y : metres in the projection
    projection : an equal-area one of `PROJECTIONS`
    """
    lat = GEOGRAPHIC.transform_points(projection, np.zeros_like(y), y)[:, 1]
    half = projection.transform_points(GEOGRAPHIC, np.full_like(lat, 90.0), lat)[:, 0]
    lon = 90.0 * x[None, :] / half[:, None]
    row = nearest(values["y"].to_numpy(), lat)[:, None]
    centres = values["x"].to_numpy()
    west = centres[0] - (centres[1] - centres[0]) / 2
    beyond = (lon < west) & (centres[-1] > 180)  # of a map across 180 degrees
    column = nearest(centres, np.where(beyond, lon + 360, lon))
    inside = (np.abs(lon) <= 180) & (row >= 0) & (column >= 0)
    picked = values.to_numpy()[np.maximum(row, 0), np.maximum(column, 0)]
    return np.where(inside, picked, np.nan)


def nearest(centres: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Position of the cell in which each value lies; -1 outside the grid."""
    step = centres[1] - centres[0]
    position = np.floor((degrees - centres[0]) / step + 0.5)
    inside = (position >= 0) & (position < len(centres))
    return np.where(inside, position, -1).astype(int)


def thin(values: xr.DataArray) -> xr.DataArray:
    """Blocks of cells averaged until no cell is finer than the figure of the raster can show."""
    finest = min(FINEST_DEG, 2 * float(np.ptp(values["x"].to_numpy())) / PIXELS)
    size = abs(float(values["y"][1] - values["y"][0]))
    block = max(1, int(finest / size + 1e-6))
    if block == 1:
        return values
    return values.coarsen(y=block, x=block, boundary="trim").mean()


def hatch(ax: GeoAxes, where: xr.DataArray) -> None:
    """Thin slanted lines where a condition (y, x) holds, inside the cells' own edges.

    Black beside white, so that they are seen on dark and on light colours.
    """
    x, y, extent = pixel_centres(ax)
    inside = pick_cells(thin(where.astype("float32")), x, y, ax.projection) >= 0.5
    slant = np.arange(len(x))[None, :] + np.arange(len(y))[:, None]
    place = slant % HATCH_PIXELS
    lines = np.zeros((len(y), len(x), 4))
    lines[..., :3] = (place >= LINE_PIXELS)[..., None]
    lines[..., 3] = inside & (place < 2 * LINE_PIXELS)
    ax.imshow(lines, extent=extent, origin="upper", transform=ax.projection, zorder=3)
    ax.set(xlim=extent[:2], ylim=extent[2:])


def draw_pale(
    ax: GeoAxes, image: AxesImage, values: xr.DataArray, where: xr.DataArray
) -> None:
    """Cells of a drawn raster get pale colours where a condition (y, x) holds.

    Parameters
    ----------
    ax : the map
    image : from `draw_raster`
    values : global raster (y, x), as it was drawn
    where : of the same cells; of averaged cells, where it holds in at least half
    """
    x, y, extent = pixel_centres(ax)
    inside = pick_cells(thin(where.astype("float32")), x, y, ax.projection) >= 0.5
    shown = pick_cells(thin(values), x, y, ax.projection)
    image.set_data(np.where(inside, np.nan, shown))
    ax.imshow(
        np.where(inside, shown, np.nan),
        extent=extent,
        origin="upper",
        transform=ax.projection,
        cmap=pale(image.get_cmap()),
        norm=image.norm,
        zorder=2,
    )
    ax.set(xlim=extent[:2], ylim=extent[2:])


def pale(cmap: Colormap) -> ListedColormap:
    """The colours of a map mixed with white."""
    colours = cmap(np.linspace(0, 1, cmap.N))
    colours[:, :3] += PALENESS * (1 - colours[:, :3])
    return ListedColormap(colours)

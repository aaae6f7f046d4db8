"""Figures: each draws from its inputs alone, nothing is cut off, maps are right."""

import re
import shutil
import socket
from pathlib import Path

import cartopy.crs as ccrs
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cmcrameri import cm
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import imread
from matplotlib.text import Text

from forestflux.change.change_schemas import PAIR, TOTALS
from forestflux.change.month_zones import MONTH_ZONES
from forestflux.change.strata.decomposition import CHANGE_PARTS
from forestflux.core.input_errors import InputError
from forestflux.core.layers import flagged
from forestflux.jobs.code_checksum import find_module, modules
from forestflux.jobs.manifests import JobManifest, read_manifest
from forestflux.jobs.settings.page_settings import FigureSettings
from forestflux.jobs.settings.training_settings import TransferSteps
from forestflux.jobs.tables import write_table
from forestflux.models.convolution_blocks import FILTERS
from forestflux.pages.figures import map_scales, world_maps
from forestflux.pages.figures.captions import CAPTIONS, caption_of
from forestflux.pages.figures.drawing import draw_figure
from forestflux.pages.figures.figure_registry import FIGURES, needs
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    new_figure,
    save_figure,
    spread_marks,
)
from forestflux.pages.figures.globe.driver_figures import drivers_with_effect
from forestflux.pages.figures.globe.flux_maps import significant
from forestflux.pages.figures.globe.month_zone_figure import draw_month_zones
from forestflux.pages.figures.globe.region_figures import choose_places
from forestflux.pages.figures.globe.total_figures import choose_latitudes, drop_empty
from forestflux.pages.figures.skill import score_figures
from forestflux.pages.figures.skill.month_heatmap import draw_month_heatmap
from forestflux.pages.figures.skill.network_figure import FILTER_LABELS, STEP_LABELS
from forestflux.pages.labels_and_colours import model_styles, subset_label
from forestflux.pages.number_text import format_share
from forestflux.pages.report.report_page import FIRST_FIGURES
from tests.builders.paths import ROOT

DPI = 80
SETTINGS = StyleSettings(dpi=DPI, simulated=True)


@pytest.fixture(scope="module")
def results(share_results):
    return share_results(maps=True)


@pytest.fixture(scope="module")
def towers(share_results):
    return share_results(maps=False)


def only_inputs(results, name, folder):
    """A folder with nothing but what the registry says that the figure needs."""
    words = {"maps/first.zarr": "maps/2003.zarr", "maps/second.zarr": "maps/2018.zarr"}
    for need in needs()[name]:
        path = words.get(need, need)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".zarr"):
            shutil.copytree(results / path, folder / path)
            shutil.copy(results / f"{path}.json", folder / f"{path}.json")
        else:
            shutil.copy(results / path, folder / path)
        if path.endswith(".csv"):
            shutil.copy(results / f"{path}.json", folder / f"{path}.json")
        if path.startswith(("change/", "drivers/", "compare/")) and path.endswith(
            ".json"
        ):
            for name in read_manifest(results / path, JobManifest).stores:
                store = f"{Path(path).parent}/{name}.zarr"
                shutil.copytree(results / store, folder / store)
                shutil.copy(results / f"{store}.json", folder / f"{store}.json")
        if path == "samples/samples.json":  # the manifest of a table and a store
            for part in ("samples.csv", "samples.csv.json", "samples.zarr.json"):
                shutil.copy(results / "samples" / part, folder / "samples" / part)
            shutil.copytree(
                results / "samples/samples.zarr", folder / "samples/samples.zarr"
            )
    return folder


def find_texts(figure):
    """Every text that is drawn but the labels of ticks."""
    # Labels of ticks outside a panel's limits are there, but are not drawn.
    ticks = {
        text
        for axis in figure.findobj(Axis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for text in tick.findobj(Text)
    }
    return [
        text
        for text in figure.findobj(Text)
        if text not in ticks and text.get_visible() and text.get_text().strip()
    ]


def check_that_no_text_lies_on_another(figure):
    """Titles and labels of axes, and the labels of neighbouring ticks, stand apart."""
    texts = [ax.title for ax in figure.axes]
    texts += [ax._left_title for ax in figure.axes]
    texts += [axis.label for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    drawn = [t for t in texts if t.get_visible() and t.get_text().strip()]
    rows = [drawn]
    for ax in figure.axes:
        low, high = sorted(ax.get_xlim())
        ticks = [t for t in ax.xaxis.get_major_ticks() if low <= t.get_loc() <= high]
        labels = [tick.label1 for tick in ticks if tick.label1.get_visible()]
        rows.append([t for t in labels if t.get_text() and not t.get_rotation()])
    for row in rows:
        # a box has some room around its letters
        boxes = [text.get_window_extent().padded(-1) for text in row]
        for place, box in enumerate(boxes):
            for other, text in zip(boxes[place + 1 :], row[place + 1 :], strict=True):
                assert not box.overlaps(other), (row[place].get_text(), text.get_text())


def check_that_texts_are_words(figure):
    """No name of a column is shown, and no unit without the variable that has it."""
    for text in figure.findobj(Text):
        words = re.sub(r"(?<!\\)\$[^$]*\$", "", text.get_text())
        # a column of FLUXNET that reasons of dropped years name
        # and a name that the user gives to a product
        words = re.sub("nee_qc|other_(gpp|nee)", "", words)
        assert "_" not in words
        assert not words.startswith(("gC m", "PgC", "(gC", "(PgC")), words


def check_that_nothing_is_cut_off(figure):
    """All that is drawn, and each text by itself, lies inside the page."""
    page = figure.bbox
    drawn = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    boxes = [text.get_window_extent() for text in find_texts(figure)]
    assert len(boxes) > 2
    for box in (drawn, *boxes):
        assert page.x0 <= box.x0
        assert page.y0 <= box.y0
        assert box.x1 <= page.x1
        assert box.y1 <= page.y1


def check_that_every_panel_shows_something(figure):
    """Each panel that is not switched off has marks, lines, areas or an image in it."""
    panels = [ax for ax in figure.axes if ax.axison or ax.get_title(loc="left")]
    assert panels
    for panel in panels:
        assert panel.has_data() or panel.artists or panel.texts, panel.get_title()


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_whole_from_its_inputs_alone_and_without_network(
    name, results, tmp_path, monkeypatch
):
    """Every figure is drawn from its stated inputs, nothing is cut off, nothing is fetched."""

    def refuse(*_):
        raise AssertionError("a figure opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    inputs = only_inputs(results, name, tmp_path / "in")
    figure = draw_figure(FIGURES[name].full_function, inputs, style_settings=SETTINGS)
    for kind in ("png", "pdf"):
        save_figure(figure, tmp_path / f"{name}.{kind}", settings=SETTINGS)
    height, width, _ = imread(tmp_path / f"{name}.png").shape
    assert (width, height) == pytest.approx(figure.bbox.size, abs=1)
    # What a reader sees first is as wide as a column.
    width_mm = 85 if name in FIRST_FIGURES else 170
    assert width == pytest.approx(width_mm / 25.4 * DPI, abs=1)
    # anew: the PDF was laid out for letters that are a little narrower
    figure.draw_without_rendering()
    check_that_nothing_is_cut_off(figure)
    check_that_no_text_lies_on_another(figure)
    check_that_texts_are_words(figure)
    check_that_every_panel_shows_something(figure)
    pdf = (tmp_path / f"{name}.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) < 1_000_000


@pytest.mark.parametrize("name", [n for n, entry in FIGURES.items() if entry.column])
def test_figure_fits_one_column_of_a_journal(name, results):
    """Nothing is cut off or lies on another at 85 mm, and no text is below 6 points."""
    settings = StyleSettings.of_run(
        FigureSettings(column_mm=85, dpi=DPI),
        pair=(2003, 2018),
        simulated=True,
        column=True,
    )
    figure = draw_figure(FIGURES[name].full_function, results, style_settings=settings)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * 25.4
    assert width == pytest.approx(85)
    assert height <= 240  # a page of a journal
    check_that_nothing_is_cut_off(figure)
    check_that_no_text_lies_on_another(figure)
    check_that_texts_are_words(figure)
    assert min(text.get_fontsize() for text in find_texts(figure)) >= 6
    ticks = [label for ax in figure.axes for label in ax.get_xticklabels()]
    assert min((tick.get_fontsize() for tick in ticks), default=6) >= 6


def test_a_figure_for_one_column_needs_its_width():
    with pytest.raises(InputError, match="column_mm: expected a width"):
        StyleSettings.of_run(
            FigureSettings(), pair=(2003, 2018), simulated=True, column=True
        )


def test_texts_on_another_and_names_of_columns_would_be_found():
    figure = new_figure(SETTINGS, height_mm=40)
    left, right = figure.subplots(1, 2)
    left.set_title("a title that fits", loc="left")
    right.set(title="b", xlabel="GPP (gC m$^{-2}$)")
    figure.draw_without_rendering()
    check_that_no_text_lies_on_another(figure)
    check_that_texts_are_words(figure)
    left.set_title("a title as long as both panels together, and " * 2, loc="left")
    right.set_title("on it", loc="left")
    figure.draw_without_rendering()
    with pytest.raises(AssertionError):
        check_that_no_text_lies_on_another(figure)
    for label in ("gC m$^{-2}$", "planted_slope"):
        right.set_xlabel(label)
        with pytest.raises(AssertionError):
            check_that_texts_are_words(figure)


@pytest.mark.slow
def test_a_label_that_is_cut_off_and_an_empty_panel_would_be_found():
    figure = new_figure(SETTINGS, height_mm=40)
    panel = figure.add_subplot()
    with pytest.raises(AssertionError):
        check_that_every_panel_shows_something(figure)
    panel.plot([1, 2], [3, 4])
    for place in (0.2, 0.4, 0.6):
        figure.text(0.1, place, "inside")
    panel.set(title="title", xlabel="x", ylabel="y")
    figure.draw_without_rendering()
    check_that_every_panel_shows_something(figure)
    check_that_nothing_is_cut_off(figure)
    figure.text(0.95, 0.5, "a long label")
    with pytest.raises(AssertionError):
        check_that_nothing_is_cut_off(figure)


@pytest.mark.parametrize("name", ["scores", "uncertainty"])
def test_same_inputs_give_the_same_bytes(name, results, tmp_path):
    for turn in ("one", "two"):
        figure = draw_figure(
            FIGURES[name].full_function, results, style_settings=SETTINGS
        )
        for kind in ("png", "pdf"):
            path = tmp_path / turn / f"{name}.{kind}"
            save_figure(figure, path, settings=SETTINGS, caption="what it shows")
    for kind in ("png", "pdf"):
        one, two = (tmp_path / t / f"{name}.{kind}" for t in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    assert b"what it shows" in one.with_suffix(".png").read_bytes()


@pytest.mark.parametrize("name", FIGURES)
def test_missing_input_is_one_line(name, tmp_path):
    with pytest.raises(InputError) as caught:
        draw_figure(FIGURES[name].full_function, tmp_path, style_settings=SETTINGS)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_missing_column_is_named(results, tmp_path):
    table = pd.read_csv(results / "evaluate/scores.csv").drop(columns="rmse")
    write_table(table, tmp_path / "evaluate/scores.csv")
    with pytest.raises(InputError, match=r"scores\.csv: rmse: expected"):
        draw_figure(FIGURES["scores"].full_function, tmp_path, style_settings=SETTINGS)


def test_run_of_towers_alone_draws_what_needs_no_map(towers):
    apart = ("maps/", "change/", "drivers/", "compare/", "recovery/", "months/zones")
    names = [
        n for n, files in needs().items() if not any(f.startswith(apart) for f in files)
    ]
    wanted = {"towers", "timeline", "network", "scatter", "scores", "calibration"}
    wanted |= {"gap_curve", "importance", "attributions", "activations", "seasons"}
    assert set(names) == wanted
    for name in names:
        assert draw_figure(
            FIGURES[name].full_function, towers, style_settings=StyleSettings(dpi=DPI)
        ).axes


def test_forest_types_and_models_may_be_missing(towers, tmp_path):
    """Real towers have no deciduous needleleaf; a run may have the network alone."""
    shutil.copytree(towers, tmp_path / "run")
    for file in (tmp_path / "run").rglob("*.csv"):
        table = pd.read_csv(file)
        if "igbp" in table:
            table = table[table["igbp"] != "DNF"]
        if "model" in table:
            table = table[table["model"] == "cnn"]
        if "subset" in table:
            table = table[table["subset"] != "igbp=DNF"]
        write_table(table, file)
    for name in (
        "towers",
        "timeline",
        "scatter",
        "scores",
        "calibration",
        "gap_curve",
        "importance",
        "attributions",
        "activations",
    ):
        assert draw_figure(
            FIGURES[name].full_function, tmp_path / "run", style_settings=SETTINGS
        ).axes


def test_drawing_leaves_matplotlib_as_it_was(results, tmp_path):
    before = dict(mpl.rcParams)
    figure = draw_figure(
        FIGURES["scores"].full_function, results, style_settings=SETTINGS
    )
    save_figure(figure, tmp_path / "scores.png", settings=SETTINGS)
    assert dict(mpl.rcParams) == before


def test_simulated_planet_is_named_on_the_figure(results):
    real = draw_figure(
        FIGURES["scores"].full_function,
        results,
        style_settings=StyleSettings(simulated=False),
    )
    assert real.get_suptitle() == ""
    marked = draw_figure(
        FIGURES["scores"].full_function, results, style_settings=SETTINGS
    )
    assert "not the real Earth" in marked.get_suptitle()


def test_every_figure_has_a_caption_with_the_years_of_the_run():
    assert set(CAPTIONS) == set(FIGURES)
    for name in FIGURES:
        caption = caption_of(
            name, pair=(1990, 1999), level=0.8, members=3, simulated=True
        )
        text = caption.title + caption.text + caption.alt
        assert "{" not in text
        assert "2003" not in text
        assert text.isascii()
    caption = caption_of(
        "series", pair=(1990, 1999), level=0.8, members=3, simulated=True
    )
    assert "80 %" in caption.text


def test_another_figure_or_caption_draws_only_its_own_again():
    """Neither the registry nor the captions are behind a figure; its own module is."""
    roots = (ROOT / "workflow/scripts", ROOT / "src")
    for name, entry in FIGURES.items():
        files = [find_module(one, roots) for one in ("pages.figure", entry.full_module)]
        behind = {file.stem for file in modules(files, roots)}
        assert entry.module.rpartition(".")[2] in behind, name
        assert not [s for s in behind if s.endswith(("_registry", "captions"))], name


def test_captions_of_what_the_model_gives_name_the_model():
    words = {"pair": (1990, 1999), "level": 0.8, "simulated": False}
    for name in FIGURES:
        text = caption_of(name, **words, members=3).text
        assert ("ensemble of 3" in text) == (name not in ("towers", "timeline"))
    assert "one convolutional" in caption_of("maps", **words, members=1).text


def test_unknown_projections_and_formats_are_refused_with_the_known_ones(results):
    with pytest.raises(InputError, match="EqualEarth or Mollweide, found Mercator"):
        draw_figure(
            FIGURES["towers"].full_function,
            results,
            style_settings=StyleSettings(projection="Mercator"),
        )
    with pytest.raises(InputError, match="png or pdf"):
        save_figure(
            new_figure(SETTINGS, height_mm=20), results / "a.gif", settings=SETTINGS
        )


def raster(size):
    """A global raster whose value tells row and column."""
    lat = 90 - size * (np.arange(round(180 / size)) + 0.5)
    lon = -180 + size * (np.arange(round(360 / size)) + 0.5)
    values = 1000 * np.arange(lat.size)[:, None] + np.arange(lon.size)
    return xr.DataArray(
        values.astype(float), coords={"y": lat, "x": lon}, dims=("y", "x")
    )


@pytest.mark.parametrize("projection", [ccrs.EqualEarth(), ccrs.Mollweide()])
@pytest.mark.parametrize("flipped", [False, True])
def test_pixels_show_the_cell_of_their_place(projection, flipped):
    values = raster(10.0)
    given = values[::-1] if flipped else values
    # Manaus, Berlin, Yakutsk, Hobart, Vancouver, Fiji: row, column by hand
    places = [
        (-3.1, -60.0),
        (52.5, 13.4),
        (62.0, 129.7),
        (-42.9, 147.3),
        (49.3, -123.1),
    ]
    places += [(-17.8, 178.0)]
    wanted = [9012, 3019, 2030, 13032, 4005, 10035]
    for (lat, lon), value in zip(places, wanted, strict=True):
        x, y = projection.transform_point(lon + 1e-6, lat, ccrs.PlateCarree())
        found = world_maps.pick_cells(given, np.array([x]), np.array([y]), projection)
        assert found.item() == value


def test_months_of_a_single_zone_of_latitude_have_a_height(results, tmp_path):
    zones = MONTH_ZONES.read(results).query("latitude == 30")
    MONTH_ZONES.write(zones, tmp_path / MONTH_ZONES.path)
    figure = draw_month_zones(tmp_path, settings=SETTINGS)
    mesh = figure.axes[0].collections[0].get_coordinates()
    assert mesh[:, 0, 1].tolist() == [29.5, 30.5]
    assert mesh[0, :, 0].tolist() == [0.5 + month for month in range(13)]


def test_a_heat_map_of_a_single_row_has_a_height():
    ax = new_figure(SETTINGS, height_mm=40).subplots()
    months = range(1, 13)
    table = pd.DataFrame({"input": "ndvi", "month": months, "gpp": 1.0, "gpp_sd": 0.1})
    scale = {"cmap": cm.vik, "norm": mpl.colors.Normalize(0, 1)}
    rows = {"index": "input", "names": ["ndvi"], "labels": ["NDVI"]}
    mesh = draw_month_heatmap(ax, table, "gpp", **rows, **scale).get_coordinates()
    assert mesh[:, 0, 1].tolist() == [-0.5, 0.5]
    assert mesh[0, :, 0].tolist() == [0.5 + month for month in range(13)]


def test_a_region_fills_its_frame_and_keeps_its_place():
    values = raster(1.0).sel(x=slice(20, 32), y=slice(70, 59))
    figure = Figure()
    ax = world_maps.world_axes(figure, figure.add_gridspec(1, 1)[0], settings=SETTINGS)
    image = world_maps.draw_raster(ax, values, cmap=mpl.colormaps["gray"], norm=None)
    shown = image.get_array().filled(np.nan)
    assert np.isfinite(shown).mean() > 0.5
    point = ax.projection.transform_point(25.5, 64.5, ccrs.PlateCarree())
    left, right, bottom, top = image.get_extent()
    row = int((top - point[1]) / (top - bottom) * shown.shape[0])
    column = int((point[0] - left) / (right - left) * shown.shape[1])
    assert shown[row, column] == values.sel(x=25.5, y=64.5)
    fine = raster(0.05).sel(x=slice(20, 32), y=slice(70, 59))
    assert world_maps.thin(fine).shape == fine.shape


def test_a_small_region_fills_its_frame_whatever_its_tiles_are_and_has_borders():
    values = raster(0.5).sel(x=slice(10, 30), y=slice(60, 40)).copy()
    slovenia = (values["x"] > 13) & (values["x"] < 17) & (abs(values["y"] - 46) < 1)
    figure = Figure()
    ax = world_maps.world_axes(figure, figure.add_gridspec(1, 1)[0], settings=SETTINGS)
    coarse = count_corners(ax)
    image = world_maps.draw_raster(
        ax, values.where(slovenia), cmap=mpl.colormaps["gray"], norm=None
    )
    assert np.isfinite(image.get_array().filled(np.nan)).mean() > 0.5
    west, _ = ax.projection.transform_point(10, 46, ccrs.PlateCarree())
    assert ax.get_xlim()[0] > west
    # Land is drawn once still, and finer than the whole world was.
    assert count_corners(ax) > coarse
    nothing = values.where(values < -1)
    assert world_maps.cut_to_values(nothing).shape == values.shape
    alone = values.where((values == values[3, 5]).data)
    assert world_maps.cut_to_values(alone).shape == (3, 3)


def count_corners(ax):
    """Corners of the land of a map, of which there is one fill and one line."""
    parts = [one for one in ax.get_children() if one.get_gid() == world_maps.LAND_GID]
    assert len(parts) == 2
    return len(parts[0].get_path().vertices)


@pytest.mark.parametrize(("west", "east"), [(170, 190), (-180, 180)])
def test_a_map_across_180_degrees_or_of_the_globe_is_shown_on_the_world(west, east):
    x = np.arange(west + 0.5, east)
    values = xr.DataArray(
        np.ones((20, len(x))), {"y": np.arange(0.5, 20), "x": x}, ("y", "x")
    )
    figure = Figure()
    ax = world_maps.world_axes(figure, figure.add_gridspec(1, 1)[0], settings=SETTINGS)
    world = ax.get_xlim()
    image = world_maps.draw_raster(ax, values, cmap=mpl.colormaps["gray"], norm=None)
    assert ax.get_xlim() == world
    sides = np.array_split(np.isfinite(image.get_array().filled(np.nan)), 2, axis=1)
    assert all(side.any() for side in sides)


def test_pixels_beyond_the_globe_are_empty():
    projection = ccrs.EqualEarth()
    corner = np.array([projection.x_limits[0] * 0.99])
    high = np.array([projection.y_limits[1] * 0.95])
    assert np.isnan(world_maps.pick_cells(raster(10.0), corner, high, projection)).all()


def test_north_is_up(results):
    figure = draw_figure(
        FIGURES["maps"].full_function, results, style_settings=SETTINGS
    )
    ax = figure.axes[0]
    image, _ = ax.images  # the second is the hatching
    store = xr.open_zarr(results / "maps/2003.zarr", consolidated=False)
    column = image.get_array().filled(np.nan)[:, world_maps.PIXELS // 2 + 5]
    shown = column[np.isfinite(column)]
    # 0.8 degrees east; forest of Europe above that of Africa
    expected = store["gpp"].sel(x=3).dropna("y").to_numpy()
    order = shown[np.insert(np.diff(shown) != 0, 0, True)]
    assert set(order) <= set(expected)
    assert order[0] == pytest.approx(expected[expected > 0][0], rel=0.5)
    assert image.origin == "upper"
    assert image.get_extent()[2] < image.get_extent()[3]


def test_fine_grids_are_averaged_over_forest_cells_for_display():
    lat = 90 - 0.125 * (np.arange(1440) + 0.5)
    lon = -180 + 0.125 * (np.arange(2880) + 0.5)
    values = xr.DataArray(
        np.full((1440, 2880), np.nan, "float32"),
        coords={"y": lat, "x": lon},
        dims=("y", "x"),
    )
    values[0, 0], values[1, 1] = 2.0, 4.0
    thinned = world_maps.thin(values)
    assert thinned.shape == (720, 1440)
    assert thinned[0, 0].item() == 3.0
    assert np.isnan(thinned[0, 1].item())
    assert world_maps.thin(raster(1.0)).shape == (180, 360)


def test_scales_are_centred_on_zero_or_start_there():
    values = xr.DataArray(np.array([-300.0, 5.0, 100.0, np.nan]))
    norm = map_scales.centred(values)
    assert norm.vmin == -norm.vmax
    assert norm(0.0) == 0.5
    assert map_scales.sequential(abs(values)).vmin == 0


def test_cells_are_pale_where_a_condition_holds():
    values = raster(10.0)
    where = xr.zeros_like(values, dtype=bool)
    where[:, :9] = True
    figure = new_figure(SETTINGS, height_mm=60)
    ax = world_maps.world_axes(figure, figure.add_gridspec(1, 1)[0], settings=SETTINGS)
    full = world_maps.draw_raster(ax, values, cmap=cm.vik, norm=None)
    world_maps.draw_pale(ax, full, values, where)
    _, pale = ax.images
    drawn, above = (np.isfinite(i.get_array().filled(np.nan)) for i in (full, pale))
    middle = drawn.shape[0] // 2
    assert not (above & drawn).any()
    there = (above | drawn)[middle].sum()
    assert there > 0.98 * world_maps.PIXELS
    assert above[middle].sum() / there == pytest.approx(0.25, abs=0.01)
    assert not above[:, world_maps.PIXELS // 2 :].any()
    for value in (0.0, 0.3, 1.0):
        assert sum(pale.get_cmap()(value)) > sum(full.get_cmap()(value))


def test_shares_near_none_and_all_are_not_rounded_to_them():
    shares = (0.0, 0.0007, 0.12, 0.996, 1.0)
    assert list(map(format_share, shares)) == ["0 %", "<1 %", "12 %", ">99 %", "100 %"]


def test_significance_is_that_of_the_cell_by_itself():
    # not tested, tested, significant, significant with false discoveries held
    attributes = {"flag_masks": np.array([1, 2, 4, 8], "uint8")}
    words = "tested significant significant_adjusted significant_two_stage"
    attributes["flag_meanings"] = words
    flags = ("x", np.array([0, 1, 3, 7], "uint8"), attributes)
    dataset = xr.Dataset({"gpp_slope_significance": flags})
    sure = significant(dataset, "gpp", "slope")
    assert sure.values.tolist() == [False, False, True, True]
    adjusted = flagged(dataset["gpp_slope_significance"], "significant_adjusted")
    assert adjusted.values.tolist() == [False, False, False, True]


def test_hatching_lies_inside_its_cells_and_nowhere_else(results):
    figure = draw_figure(
        FIGURES["maps"].full_function, results, style_settings=SETTINGS
    )
    ax = figure.axes[0]
    lines = ax.images[1].get_array()[..., 3] > 0
    store = xr.open_zarr(results / "maps/2003.zarr", consolidated=False)
    x, y, _ = world_maps.pixel_centres(ax)
    outside = store["applicable"] == 0
    inside = world_maps.pick_cells(outside.astype(float), x, y, ax.projection) == 1
    assert outside.any()
    assert not lines[~inside].any()
    assert 0.02 < lines[inside].mean() < 0.3


def test_parts_of_the_change_stand_beside_zero_and_sum_to_the_mark(results):
    figure = draw_figure(
        FIGURES["decomposition"].full_function, results, style_settings=SETTINGS
    )
    ax = figure.axes[0]
    strata = [label.get_text() for label in ax.get_yticklabels()]
    table = pd.read_csv(results / "change/decomposition.csv")
    row = table.query("stratum == 'DBF' and variable == 'gpp'").iloc[0]
    place = strata.index("DBF")
    bars = [
        bar for bar in ax.patches if round(bar.get_y() + bar.get_height() / 2) == place
    ]
    drawn = sum(bar.get_width() for bar in bars)
    assert drawn == pytest.approx(row["change"], rel=1e-6)
    assert ax.lines[0].get_xdata()[place] == pytest.approx(row["change"])


def test_the_method_names_every_filter_and_every_step_of_training():
    assert tuple(FILTER_LABELS) == FILTERS
    assert tuple(STEP_LABELS) == tuple(TransferSteps.model_fields)


def test_scatter_shows_the_network_by_split_and_the_best_other():
    rows = [
        ("cnn", "random", 0.9),
        ("cnn", "site", 0.5),
        ("svr", "site", 0.4),
        ("trees", "site", 0.6),
        ("trees", "cluster", 0.9),
    ]
    table = pd.DataFrame(rows, columns=["model", "split", "r2"])
    table = table.assign(subset="all", target="gpp")
    wanted = [("cnn", "site"), ("cnn", "random"), ("trees", "site")]
    assert score_figures.choose_panels(table) == wanted


def test_network_comes_first_and_looks_like_no_other():
    styles = model_styles(["svr", "cnn", "extra_trees", "svr"])
    assert list(styles) == ["cnn", "extra_trees", "svr"]
    assert len({style["color"] for style in styles.values()}) == 3


def test_recovered_quantities_are_in_words_and_beside_their_interval(results):
    figure = draw_figure(
        FIGURES["recovery"].full_function, results, style_settings=SETTINGS
    )
    shown = {text.get_text() for text in figure.findobj(Text)}
    table = pd.read_csv(results / "recovery/recovery.csv")
    names = table["quantity"].str.partition("_")[2].str.replace("_", " ")
    assert not shown & set(names)
    assert {"AUC of the slope", "inside, other cells", "boreal"} <= shown
    titles = [part.get_suptitle() for part in figure.findobj(SubFigure)]
    assert "Change from 2003 to 2018" in titles
    place = figure.axes[6]  # the change of GPP, after six panels of totals
    row = pd.read_csv(results / "change/pair.csv").query("kind == 'all'").iloc[0]
    bar = place.lines[0].get_xdata()
    assert tuple(bar) == (row["change_lower"], row["change_upper"])


def test_rows_of_nothing_are_left_out(results, tmp_path):
    """A driver or a part of the change that is zero everywhere is neither row nor label."""
    rows = [("ndvi", 1.0), ("area", 0.0), ("interaction", 1e-9), ("change", 1.0)]
    table = pd.DataFrame(rows, columns=["driver", "effect"])
    table = table.assign(effect_lower=np.nan, effect_upper=np.nan)
    assert drivers_with_effect(table) == ["ndvi"]
    whole = pd.read_csv(results / "change/decomposition.csv")
    whole[["area_effect", "interaction"]] = 0.0
    whole["intensity"] = whole["change"]
    write_table(whole, tmp_path / "change/decomposition.csv")
    for name in ("change/totals.csv", "change/region_changes.csv"):
        write_table(pd.read_csv(results / name), tmp_path / name)
    figure = draw_figure(
        FIGURES["decomposition"].full_function, tmp_path, style_settings=SETTINGS
    )
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["change", "flux per m2 of forest"]


@pytest.mark.parametrize("name", ["windows", "decomposition"])
def test_forest_whose_flux_did_not_change_keeps_its_row(name, results, tmp_path):
    """As of a few towers, whose response to the year is none."""
    tables = ("totals", "region_changes", "windows", "decomposition")
    for file in (f"change/{table}.csv" for table in tables):
        table = pd.read_csv(results / file)
        parts = table.columns.intersection(["change", *CHANGE_PARTS])
        write_table(table.assign(**dict.fromkeys(parts, 0.0)), tmp_path / file)
    function = FIGURES[name].full_function
    figure = draw_figure(function, tmp_path, style_settings=SETTINGS)
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert {"DBF", "ENF"} <= set(rows)
    assert "forest none" not in rows


def test_a_slope_of_too_few_years_has_no_numbers_on_its_axis(results, tmp_path):
    pair = pd.read_csv(results / "change/pair.csv")
    slopes = [name for name in pair.columns if name.startswith("slope")]
    write_table(pair.assign(**dict.fromkeys(slopes, np.nan)), tmp_path / PAIR.path)
    write_table(pd.read_csv(results / TOTALS.path), tmp_path / TOTALS.path)
    figure = draw_figure(
        FIGURES["change_table"].full_function, tmp_path, style_settings=SETTINGS
    )
    ticks = {ax.get_xlabel().split()[0]: len(ax.get_xticks()) for ax in figure.axes}
    assert ticks["slope"] == 0
    assert ticks["change"] > 1


def test_marks_of_one_row_stand_apart():
    assert spread_marks(1).tolist() == [0]
    for count in (2, 3, 4, 6):
        shifts = spread_marks(count)
        assert shifts.sum() == pytest.approx(0)
        assert (np.diff(shifts) > 0.1).all()
        assert np.abs(shifts).max() < 0.4


@pytest.mark.parametrize("measure", ["r2", "rmse"])
def test_axes_of_scores_fit_their_marks(measure, results):
    figure = draw_figure(
        FIGURES["scores"].full_function, results, style_settings=SETTINGS
    )
    for ax in figure.axes[:2] if measure == "r2" else figure.axes[2:]:
        marks = [c.get_offsets()[:, 0] for c in ax.collections if len(c.get_offsets())]
        marks = np.concatenate(marks)
        low, high = ax.get_xlim()
        assert low < marks.min() <= marks.max() < high
        assert np.ptp(marks) > 0.7 * (high - low)


def test_names_of_bands_are_drawn_as_they_are(results, tmp_path):
    """Neither `=` nor `$` of a name that a user gave is read as something else."""
    name = "west=east $x^$ & <b>"
    assert subset_label(name) == name
    for table in (TOTALS, PAIR):
        whole = table.read(results)
        bands = whole.loc[whole["kind"] == "band", "stratum"]
        renamed = whole.assign(stratum=whole["stratum"].replace(bands.iloc[0], name))
        write_table(renamed, tmp_path / table.path)
    for kind in ("series", "change_table"):
        figure = draw_figure(
            FIGURES[kind].full_function, tmp_path, style_settings=SETTINGS
        )
        save_figure(figure, tmp_path / "a.png", settings=SETTINGS, caption="")
        texts = [text.get_text() for text in figure.findobj(Text)]
        assert escape_math(name) in texts


def test_an_axis_of_latitude_is_that_of_the_globe_or_close_around_a_region():
    assert choose_latitudes(pd.Series([-40.0, 70.0])) == (-57.0, 80.0)
    assert choose_latitudes(pd.Series([46.5])) == (46.0, 47.0)


def test_a_run_of_one_continent_draws_its_own_regions(results):
    series = pd.read_csv(results / "change/regions.csv")
    kind, names = choose_places(series)
    assert kind == "continent"
    assert len(names) > 1
    assert "none" not in names
    europe = series[(series["kind"] != "continent") | (series["stratum"] == "Europe")]
    assert choose_places(europe) == ("continent", ["Europe"])
    own = series[series["kind"] == "band"].assign(kind="region")
    kind, names = choose_places(pd.concat([europe, own]))
    assert kind == "region"
    assert set(names) <= set(own["stratum"])


@pytest.mark.parametrize(
    ("flux", "values", "ends", "colour"),
    [
        ("gpp", (100, 2000), (0, 2000), 1.0),
        ("gpp", (1500, 1700), (1500, 1700), 1.0),
        ("nee", (-400, 100), (-400, 400), 0.5),
        ("nee", (-400, -300), (-400, -300), 0.5),
        ("nee", (30, 40), (30, 40), 1.0),
        ("nee", (-300, -300), (-300, 300), 1.0),
    ],
)
def test_colours_span_what_there_is_where_a_flux_differs_little(
    flux, values, ends, colour
):
    """`colour` is the last one of a close scale as a share of that of the whole scale."""
    cells = xr.DataArray(np.repeat(np.array(values, float), 50))
    scale = map_scales.scale_fluxes(flux, cells)
    assert (scale.ends.vmin, scale.ends.vmax) == pytest.approx(ends)
    whole = map_scales.COLOURS[flux]
    if ends == values and flux == "nee":
        assert scale.colours(1.0) == pytest.approx(whole(colour), abs=0.02)
    else:
        assert scale.colours is whole


def test_strata_without_forest_in_any_year_are_not_drawn():
    table = pd.DataFrame(
        {
            "kind": ["type"] * 4,
            "stratum": ["ENF", "ENF", "DNF", "DNF"],
            "area": [0.0, 3.0, 0.0, 0.0],
        }
    )
    assert set(drop_empty(table)["stratum"]) == {"ENF"}

"""Figures: each draws from its inputs alone, nothing is cut off, maps are right."""

import shutil
import socket
from pathlib import Path

import cartopy.crs as ccrs
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axis import Axis
from matplotlib.image import imread
from matplotlib.text import Text

from forestflux.change.change_schemas import PAIR, TOTALS
from forestflux.core.errors import InputError
from forestflux.core.layers import flagged
from forestflux.jobs.settings.training_settings import TransferSteps
from forestflux.jobs.tables import write_table
from forestflux.models.convolution_blocks import FILTERS
from forestflux.pages.figures import world_maps
from forestflux.pages.figures.captions import CAPTIONS, caption_of
from forestflux.pages.figures.drawing import draw_figure
from forestflux.pages.figures.figure_registry import FIGURES, module_of, needs
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    new_figure,
    save_figure,
)
from forestflux.pages.figures.globe import recovery_figure
from forestflux.pages.figures.globe.flux_maps import insignificant
from forestflux.pages.figures.skill import score_figures
from forestflux.pages.figures.skill.network_figure import FILTER_LABELS, STEP_LABELS
from forestflux.pages.labels_and_colours import model_styles, subset_label
from tests.builders.finished_results import build_results

DPI = 80
SETTINGS = StyleSettings(dpi=DPI, simulated=True)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return build_results(
        tmp_path_factory.mktemp("full"), seed=3, maps=True, map_years=(2003, 2018)
    )


@pytest.fixture(scope="module")
def towers(tmp_path_factory):
    return build_results(tmp_path_factory.mktemp("towers"), seed=3, maps=False)


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
        if path in ("change/change.json", "drivers/drivers.json"):
            store = str(Path(path).with_suffix(".zarr"))
            shutil.copytree(results / store, folder / store)
            shutil.copy(results / f"{store}.json", folder / f"{store}.json")
        if path == "samples/samples.json":  # the manifest of a table and a store
            for part in ("samples.csv", "samples.csv.json", "samples.zarr.json"):
                shutil.copy(results / "samples" / part, folder / "samples" / part)
            shutil.copytree(
                results / "samples/samples.zarr", folder / "samples/samples.zarr"
            )
    return folder


@pytest.mark.slow
def check_that_nothing_is_cut_off(figure):
    """All that is drawn, and each text by itself, lies inside the page."""
    page = figure.bbox
    drawn = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    # Labels of ticks outside a panel's limits are there, but are not drawn.
    ticks = {
        text
        for axis in figure.findobj(Axis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for text in tick.findobj(Text)
    }
    texts = [text for text in figure.findobj(Text) if text not in ticks]
    boxes = [
        text.get_window_extent()
        for text in texts
        if text.get_visible() and text.get_text().strip()
    ]
    assert len(boxes) > 3
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
    figure = draw_figure(name, inputs, style_settings=SETTINGS)
    for kind in ("png", "pdf"):
        save_figure(figure, tmp_path / f"{name}.{kind}", settings=SETTINGS)
    height, width, _ = imread(tmp_path / f"{name}.png").shape
    assert (width, height) == pytest.approx(figure.bbox.size, abs=1)
    assert width == pytest.approx(170 / 25.4 * DPI, abs=1)
    check_that_nothing_is_cut_off(figure)
    check_that_every_panel_shows_something(figure)
    pdf = (tmp_path / f"{name}.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) < 1_000_000


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
        figure = draw_figure(name, results, style_settings=SETTINGS)
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
        draw_figure(name, tmp_path, style_settings=SETTINGS)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_missing_column_is_named(results, tmp_path):
    table = pd.read_csv(results / "evaluate/scores.csv").drop(columns="rmse")
    write_table(table, tmp_path / "evaluate/scores.csv")
    with pytest.raises(InputError, match=r"scores\.csv: rmse: expected"):
        draw_figure("scores", tmp_path, style_settings=SETTINGS)


def test_run_of_towers_alone_draws_what_needs_no_map(towers):
    apart = ("maps/", "change/", "drivers/", "recovery/", "months/zones")
    names = [
        n for n, files in needs().items() if not any(f.startswith(apart) for f in files)
    ]
    wanted = {"towers", "timeline", "network", "scatter", "scores", "calibration"}
    wanted |= {"gap_curve", "importance", "attributions", "activations", "seasons"}
    assert set(names) == wanted
    for name in names:
        assert draw_figure(name, towers, style_settings=StyleSettings(dpi=DPI)).axes


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
        assert draw_figure(name, tmp_path / "run", style_settings=SETTINGS).axes


def test_drawing_leaves_matplotlib_as_it_was(results, tmp_path):
    before = dict(mpl.rcParams)
    figure = draw_figure("scores", results, style_settings=SETTINGS)
    save_figure(figure, tmp_path / "scores.png", settings=SETTINGS)
    assert dict(mpl.rcParams) == before


def test_simulated_planet_is_named_on_the_figure(results):
    real = draw_figure("scores", results, style_settings=StyleSettings(simulated=False))
    assert real.get_suptitle() == ""
    marked = draw_figure("scores", results, style_settings=SETTINGS)
    assert "not the real Earth" in marked.get_suptitle()


def test_every_figure_has_a_caption_with_the_years_of_the_run():
    assert set(CAPTIONS) == set(FIGURES)
    for name in FIGURES:
        caption = caption_of(name, pair=(1990, 1999), level=0.8)
        text = caption.title + caption.text + caption.alt
        assert "{" not in text
        assert "2003" not in text
        assert text.isascii()
    assert "80 %" in caption_of("series", pair=(1990, 1999), level=0.8).text


def test_unknown_names_are_refused_with_the_known_ones(results):
    with pytest.raises(InputError, match="towers or timeline"):
        module_of("map")
    with pytest.raises(InputError, match="EqualEarth or Mollweide, found Mercator"):
        draw_figure(
            "towers", results, style_settings=StyleSettings(projection="Mercator")
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


def test_pixels_beyond_the_globe_are_empty():
    projection = ccrs.EqualEarth()
    corner = np.array([projection.x_limits[0] * 0.99])
    high = np.array([projection.y_limits[1] * 0.95])
    assert np.isnan(world_maps.pick_cells(raster(10.0), corner, high, projection)).all()


def test_north_is_up(results):
    figure = draw_figure("maps", results, style_settings=SETTINGS)
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
    norm = world_maps.centred(values)
    assert norm.vmin == -norm.vmax
    assert norm(0.0) == 0.5
    assert world_maps.sequential(abs(values)).vmin == 0


def test_dots_stand_where_a_tested_change_may_be_chance():
    # not tested, tested, significant, significant with false discoveries held
    attributes = {"flag_masks": np.array([1, 2, 4, 8], "uint8")}
    words = "tested significant significant_adjusted significant_two_stage"
    attributes["flag_meanings"] = words
    flags = ("x", np.array([0, 1, 3, 7], "uint8"), attributes)
    dataset = xr.Dataset({"gpp_slope_significance": flags})
    dots = insignificant(dataset, "gpp", "slope")
    assert dots.values.tolist() == [False, True, False, False]
    adjusted = flagged(dataset["gpp_slope_significance"], "significant_adjusted")
    assert adjusted.values.tolist() == [False, False, False, True]


def test_hatching_lies_inside_its_cells_and_nowhere_else(results):
    figure = draw_figure("maps", results, style_settings=SETTINGS)
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
    figure = draw_figure("decomposition", results, style_settings=SETTINGS)
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


def test_recovered_quantities_are_sorted_by_what_they_are():
    names = {
        "gpp_total_2003": ("year", "total 2003"),
        "nee_total_boreal": ("total", "boreal"),
        "gpp_change": ("change", "all forests"),
        "gpp_change_boreal": ("change", "boreal"),
        "gpp_planted_slope": ("slope", "planted slope"),
        "nee_cell_rms": ("rms", "cell rms"),
        "nee_cell_r2": ("share", "cell R$^2$"),
        "forest_area": ("", None),
    }
    table = pd.DataFrame({"quantity": list(names), "unit": "x"})
    table.loc[table["quantity"] == "nee_cell_r2", "unit"] = "1"
    found = recovery_figure.sort_out(table).set_index("quantity")
    for name, (group, label) in names.items():
        assert found.loc[name, "group"] == group
        if label:
            assert found.loc[name, "label"] == label


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
        figure = draw_figure(kind, tmp_path, style_settings=SETTINGS)
        save_figure(figure, tmp_path / "a.png", settings=SETTINGS, caption="")
        texts = [text.get_text() for text in figure.findobj(Text)]
        assert escape_math(name) in texts

"""The strict configuration: one line that names the key."""

import copy

import pytest
import yaml

from forestflux.core.input_errors import InputError
from forestflux.jobs.configuration import (
    Configuration,
    close_years,
    read_configuration,
)
from forestflux.jobs.configuration_reference import keys, reference, sections, unit_of
from forestflux.jobs.settings.map_settings import InferSettings
from tests.builders.paths import ROOT

NAN = float("nan")


def bands(*rows):
    """Latitude bands from name, south and north."""
    return [dict(zip(("name", "south", "north"), row, strict=True)) for row in rows]


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def test_the_default_configuration_is_complete(config):
    whole = read_configuration(config).model_dump(mode="json")
    for name, _ in keys(Configuration):
        value = whole
        for part in name.split("."):
            value = value[part]  # KeyError: a key without a value


def test_a_complete_configuration_is_read_as_itself(config):
    whole = read_configuration(config)
    assert read_configuration(whole.model_dump(mode="json")) == whole


@pytest.mark.parametrize(
    "overlays",
    [
        "towers.yaml",
        "towers.yaml months.yaml",
        "archives.yaml",
        "pilot.yaml",
        "region.yaml",
        "global.yaml",
        "series.yaml",
        "easy-planet.yaml",
    ],
)
def test_overlays_pass(config, overlays):
    read_configuration(lay_over(config, overlays))


def test_months_of_real_towers_need_the_overlay_of_towers(config):
    with pytest.raises(InputError, match=r"towers\.folder: expected a folder"):
        read_configuration(lay_over(config, "months.yaml"))


def lay_over(config, overlays):
    """The configuration with files of config/ over it, one after the other."""
    for overlay in overlays.split():
        extra = yaml.safe_load((ROOT / "config" / overlay).read_text())
        for key, value in extra.items():
            if isinstance(value, dict) and isinstance(config.get(key), dict):
                config[key] |= value
            else:
                config[key] = value
    return config


def test_every_key_has_default_unit_and_meaning():
    for name, field in keys(Configuration):
        assert field.description, name
        assert unit_of(field), name
        assert not field.is_required() or name in ("run", "seed", "years"), name


def test_sections_take_no_unknown_keys_and_do_not_change():
    for name, section in sections(Configuration):
        assert section.model_config["extra"] == "forbid", name
        assert section.model_config["frozen"], name


def test_keys_that_change_no_number_are_apart():
    infer = InferSettings(device="cpu", batch_cells=7)
    assert infer.numbers() == {"min_forest_fraction": 0.05, "precision": "auto"}
    assert infer.runtime() == {"batch_cells": 7, "device": "cpu", "threads": 2}
    assert infer.numbers("precision") == {"precision": "auto"}


def test_the_configuration_given_is_not_changed(config):
    before = copy.deepcopy(config)
    read_configuration(config)
    assert config == before


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"sead": 1}, "configuration: sead: .*did you mean seed"),
        ({"grid": {"resolution": 1.0}}, "grid.resolution: .*grid.resolution_deg"),
        ({"train": {"epochs": {"forrest": 3}}}, "train.epochs.forrest: .*forest"),
        (
            {"ablation": {"variants": {"a": {"kernal": 3}}}},
            r"ablation\.variants\.a\.kernal: .*train|ablation.variants.a.kernel",
        ),
        ({"ablation": {"variants": {"a": {"kernel": 4}}}}, "kernel"),
        (
            {"seed": -1},
            "configuration: seed: expected greater than or equal to 0, found -1",
        ),
        ({"seed": "one"}, "configuration: seed: expected a valid integer, found 'one'"),
        (
            {"years": [2003]},
            "configuration: years.1: expected a value, found a missing",
        ),
        ({"train": {"members": 3.0}}, "train.members: expected a valid integer"),
        (
            {"train": {"dropout": float("nan")}},
            "train.dropout: expected a finite number",
        ),
        ({"figures": {"formats": ["pdf"]}}, "figures.formats: expected png among them"),
        ({"years": [2018, 2003]}, "years: expected the first year before the last"),
        (
            {"years": [1899, 2003]},
            "configuration: years.0: expected greater than or equal to 2000",
        ),
        ({"grid": {"resolution_deg": 0.7}}, "grid.resolution_deg: expected a divisor"),
        ({"grid": 1}, "configuration: grid: expected a section of keys, found 1"),
        (
            {"source": "satellite"},
            "configuration: source: expected .auto., .simulated.",
        ),
        ({"source": "files"}, "towers.folder: expected a folder"),
        ({"source": "earthengine"}, "towers.folder: expected a folder"),
        ({"towers": {"fluxnet": "a"}}, "towers.subsets: expected a folder of series"),
        ({"change": {"pair": [2003, 2019]}}, "change.pair: expected years within"),
        (
            {"change": {"windows": [[2001, 2016], [2016, 2020]]}},
            "change.windows: expected two windows in order that share no year",
        ),
        (
            {"change": {"pair": [2018, 2003]}},
            "change.pair: expected the first year before",
        ),
        (
            {"change": {"pair": [2003, 2003]}},
            "change.pair: expected two different years",
        ),
        (
            {"change": {"bands": bands(("a", 0, 90))}},
            "change.bands: expected bands that cover -90 to 90 without gap or overlap",
        ),
        (
            {"change": {"bands": bands(("a", 0, 90), ("b", -90, 10))}},
            "change.bands: expected bands that cover -90 to 90 without gap or overlap",
        ),
        (
            {"change": {"bands": bands(("a", 90, -90))}},
            "change.bands: expected bands that cover",
        ),
        (
            {"change": {"bands": bands(("a", 0, 90), ("a", -90, 0))}},
            "change.bands: expected each name once",
        ),
        (
            {"samples": {"plausible": {"gpp": [5000, 0]}}},
            "samples.plausible.gpp: expected a lower number before a higher one",
        ),
        (
            {"samples": {"plausible": {"gpp": [NAN, NAN]}}},
            "samples.plausible.gpp.0: expected a finite number, found nan",
        ),
        (
            {"gates": {"gpp_total": [59, 49]}},
            "gates.gpp_total: expected a lower number before a higher one",
        ),
        (
            {"gates": {"nee_total_known": [0, 0]}},
            "gates.nee_total_known: expected a lower number before",
        ),
        ({"region": False}, "region: expected a country, .* NO in quotation marks"),
        ({"region": ["Finland", 3]}, "region: expected a country"),
        ({"region": ["Finland", "Finland"]}, "region: expected each part once"),
        ({"region": " "}, "region: expected a name or path without blanks"),
        ({"region": [20, 70, 30, 60]}, "region: expected a box with west, south"),
        ({"region": [20, 60, 20, 70]}, "region: expected a box with west, south"),
        ({"region": [20, 60, 30, 95]}, "region: expected a box with west, south"),
        ({"region": "0,0,400,10"}, "region: expected a box with west, south"),
        (
            {"region": "Finland", "grid": {"tile_cells": 1}},
            "grid.tile_cells: expected 2 cells or more, with a region, found 1",
        ),
        ({"year": 1999}, "configuration: year: expected greater than or equal"),
        ({"grid": {"resolution_deg": 1e-9}}, "grid.resolution_deg: expected greater"),
        (
            {"grid": {"resolution_deg": 0.05, "tile_cells": 1}},
            "grid.tile_cells: expected tiles of which 100000 or fewer cover the globe",
        ),
        ({"run": "a\n"}, "configuration: run: expected text that matches"),
        ({"run": "a" * 300}, "configuration: run: expected at most 100 characters"),
        ({"seed": 2**31}, "configuration: seed: expected less than or equal to"),
        (
            {"years": [2003.0, 2018.0]},
            "configuration: years.0: expected a valid integer, found 2003.0",
        ),
        ({"train": {"members": 10**9}}, "train.members: expected less than or equal"),
        (
            {"samples": {"unlabelled_year": 2099}},
            "samples.unlabelled_year: expected a mapped year of 2003-2018, found 2099",
        ),
        (
            {"model": {"years": "between", "co2": "theory"}},
            "model.co2: expected none, because model.years is between, found theory",
        ),
        (
            {"fluxes": {"ilamb": True}},
            "fluxes.ilamb: expected false, because fluxes.months is false, found true",
        ),
        (
            {"only_years": [2003, 2018], "samples": {"unlabelled_year": 2004}},
            "samples.unlabelled_year: expected a mapped year of 2003, 2018, found 2004",
        ),
        (
            {"towers": {"years": [2010, 2003]}},
            "towers.years: expected the first year before the last",
        ),
        ({"towers": {"folder": ""}}, "towers.folder: expected a path without blanks"),
        (
            {"source": "simulated", "towers": {"folder": "f"}},
            "towers.folder: expected null, because source is simulated, found f",
        ),
        (
            {"source": "earthengine", "towers": {"folder": "f", "subsets": "s"}},
            "towers.subsets: expected null, because series come from the source earth",
        ),
        ({"towers": {"subsets": "s"}}, "towers.subsets: expected null, because series"),
        (
            {"ablation": {"variants": {"svr": {}}}},
            "ablation.variants: expected another name than full, cnn, .*found svr",
        ),
        (
            {"fluxnet": {"classes": {"WAS": "EBF"}}},
            "fluxnet.classes.WAS: expected one of CSH, .*, found 'WAS'",
        ),
        (
            {"folders": {"results": "a{b}"}},
            "folders.results: expected a path without braces",
        ),
        (
            {"publish": {"institution": "a\x1b[31m"}},
            r"publish.institution: expected one line of printable .*a.x1b\[31m",
        ),
        (
            {"towers": {"holdout": ["A\u202eB"]}},
            "towers.holdout: expected one line of printable characters",
        ),
        (
            {"upload": {"to": "s3://key:secret@bucket/x"}},
            r"upload.to: expected no credentials, .*found 's3://\*\*\*@bucket/x'",
        ),
        (
            {"earthengine": {"url": "https://me:word@host"}},
            r"earthengine.url: expected no credentials, .*'https://\*\*\*@host'",
        ),
        ({"only_years": [2003, 2019]}, "only_years: expected years within 2003-2018"),
        (
            {"only_years": [2003, 2004]},
            "only_years: expected the years of change.pair, 2018",
        ),
        (
            {"earthengine": {"url": "ftp://x"}},
            "earthengine.url: expected text that matches",
        ),
        ({"run": "a/b"}, "configuration: run: expected text that matches"),
        (
            {"towers": {"holdout": ["A", "A"]}},
            "towers.holdout: expected each value once",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named_on_one_line(config, change, line):
    for key, value in change.items():
        if isinstance(value, dict):
            config[key] = config.get(key, {}) | value
        else:
            config[key] = value
    with pytest.raises(InputError, match=line) as caught:
        read_configuration(config)
    assert "\n" not in str(caught.value)


def test_a_map_of_one_year_has_that_year_as_its_pair(config):
    one = {"years": [2003, 2003], "change": {"pair": [2003, 2003]}}
    assert read_configuration(config | one).change.pair == (2003, 2003)


@pytest.mark.parametrize("key", ["run", "seed", "years"])
def test_a_missing_key_is_named(config, key):
    del config[key]
    with pytest.raises(InputError, match=f"{key}: expected a value, found a missing"):
        read_configuration(config)


def test_an_open_last_year_ends_where_every_product_still_covers(config):
    config["years"] = [2003, None]
    whole = read_configuration(config)
    with pytest.raises(InputError, match="years: expected a last year, found null"):
        _ = whole.mapped_years
    closed = close_years(whole, 2024)
    assert closed.years == (2003, 2024)
    assert closed.mapped_years[-1] == 2024
    assert close_years(closed, 2031) is closed


def test_years_are_checked_once_the_last_one_is_known(config):
    config |= {"years": [2003, None], "change": {"pair": [2003, 2090]}}
    whole = read_configuration(config)
    with pytest.raises(InputError, match=r"change\.pair: expected years within 2003-2"):
        close_years(whole, 2024)


def test_successors_need_an_archive(config):
    files = config | {"towers": {"folder": "mine"}, "successors": {"ndvi": 2023}}
    line = r"successors: expected none, because source is files, .*, found ndvi"
    with pytest.raises(InputError, match=line):
        read_configuration(files)
    assert read_configuration(config | {"successors": {"ndvi": 2023}}).successors


def test_a_folder_of_towers_is_the_source_when_it_is_named(config):
    whole = read_configuration(config)
    assert whole.layers_from == "simulated"
    assert whole.has_maps
    config["towers"] = {"folder": "my/towers"}
    whole = read_configuration(config)
    assert whole.layers_from == "files"
    assert not whole.has_maps


@pytest.mark.parametrize(
    ("source", "towers", "expected"),
    [
        ("auto", {}, ("simulated", "simulated")),
        ("auto", {"fluxnet": "a", "subsets": "s"}, ("files", "fluxnet")),
        ("auto", {"fluxnet": "a", "folder": "f"}, ("files", "fluxnet")),
        ("earthengine", {"folder": "f"}, ("earthengine", "folder")),
        ("simulated", {}, ("simulated", "simulated")),
    ],
)
def test_layers_and_labels_come_from_what_is_named(config, source, towers, expected):
    whole = read_configuration(config | {"source": source, "towers": towers})
    assert (whole.layers_from, whole.labels_from) == expected


def test_each_key_stands_below_its_own_section():
    section = ""
    for line in reference().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").replace("The run", "")
        elif line.startswith("### Each of "):
            section = ""  # keys of a part have no name of their own
        elif line.startswith("| `"):
            name = line.split("`")[1]
            assert name.rpartition(".")[0] == section


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, ()),
        ([], ()),
        ("Finland", ("Finland",)),
        (["Finland", "data/park.gpkg"], ("Finland", "data/park.gpkg")),
        ([20, 59.5, 32, 70], ((20, 59.5, 32, 70),)),
        (["20", "59.5", "32", "70"], ((20, 59.5, 32, 70),)),  # of a command line
        ("20,59.5,32,70", ((20, 59.5, 32, 70),)),
        ([[170, -20, -175, -10], "FJ"], ((170, -20, -175, -10), "FJ")),
    ],
)
def test_a_region_may_be_written_in_several_ways(config, given, read):
    found = read_configuration(config | {"region": given})
    assert found.region == read
    assert (
        read_configuration(config | {"region": found.numbers("region")["region"]})
        == found
    )


def test_one_year_alone_wins_over_the_years(config):
    found = read_configuration(config | {"year": 2012, "only_years": [2003, 2018]})
    assert found.mapped_years == [2012]


def test_a_region_needs_a_map(config):
    towers = {"source": "files", "towers": {"folder": "data"}, "region": "Finland"}
    with pytest.raises(
        InputError, match="region: expected none, because a run of seri"
    ):
        read_configuration(config | towers)


def test_the_keys_of_what_a_key_holds_several_of_are_on_the_page_as_well():
    parts = reference().split("### Each of `compare`")
    assert len(parts) == 2
    assert (
        "| `files` | required | paths or patterns |" in parts[1].partition("\n## ")[0]
    )


def test_other_products_need_maps_and_files(config):
    config["compare"] = {"x_base": {"files": ["GPP_*.nc"], "per": "land"}}
    assert read_configuration(config).compare["x_base"].files == ("GPP_*.nc",)
    for change, line in (
        ({"source": "files", "towers": {"folder": "a"}}, "compare: expected none"),
        ({"compare": {"x_base": {}}}, "compare.x_base.files: expected a value"),
        ({"compare": {"x_base": {"files": []}}}, "compare.x_base.files: expected"),
        ({"compare": {"x_base": {"file": ["a.nc"]}}}, "compare.x_base.files"),
        ({"compare": {"X": {"files": ["a.nc"]}}}, "compare.X: expected"),
        ({"compare": {"x": {"files": ["{a}.nc"]}}}, "compare.x.files.0: expected a"),
    ):
        with pytest.raises(InputError, match=line):
            read_configuration(config | change)

"""The strict configuration: one line that names the key."""

import copy

import pytest
import yaml

from forestflux.core.errors import InputError
from forestflux.core.product_table import read_products
from forestflux.jobs.configuration import (
    Configuration,
    close_years,
    read_configuration,
)
from forestflux.jobs.configuration_reference import keys, reference, sections, unit_of
from forestflux.jobs.settings.map_settings import InferSettings
from tests.builders.paths import PRODUCTS, ROOT


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
    "overlay",
    ["towers.yaml", "archives.yaml", "pilot.yaml", "global.yaml", "series.yaml"],
)
def test_overlays_pass(config, overlay):
    extra = yaml.safe_load((ROOT / "config" / overlay).read_text())
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            config[key] |= value
        else:
            config[key] = value
    read_configuration(config)


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
        ({"only_years": [2003, 2019]}, "only_years: expected years within 2003-2018"),
        ({"only_years": [2003]}, "only_years: expected the years of change.pair, 2018"),
        ({"grid": {"only": ["r09c00"]}}, "expected a tile of the grid, found r09c00"),
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


@pytest.mark.parametrize("key", ["run", "seed", "years"])
def test_a_missing_key_is_named(config, key):
    del config[key]
    with pytest.raises(InputError, match=f"{key}: expected a value, found a missing"):
        read_configuration(config)


def test_an_open_last_year_ends_where_every_product_still_covers(config):
    products = read_products(PRODUCTS)
    config["years"] = [2003, None]
    whole = read_configuration(config)
    with pytest.raises(InputError, match="years: expected a last year, found null"):
        _ = whole.mapped_years
    closed = close_years(whole, products)
    covers = products.column("tile")["landcover"].extract.years[1]
    assert closed.years == (2003, covers)
    assert closed.mapped_years[-1] == covers
    assert close_years(closed, products) is closed
    pml = read_products(PRODUCTS, {"et": "pml"})
    assert close_years(whole, pml).years == (2003, 2024)


def test_years_are_checked_once_the_last_one_is_known(config):
    config |= {"years": [2003, None], "change": {"pair": [2003, 2090]}}
    whole = read_configuration(config)
    with pytest.raises(InputError, match=r"change\.pair: expected years within 2003-2"):
        close_years(whole, read_products(PRODUCTS))


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
        ("simulated", {"folder": "f"}, ("simulated", "simulated")),
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
        elif line.startswith("| `"):
            name = line.split("`")[1]
            assert name.rpartition(".")[0] == section

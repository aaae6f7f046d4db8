"""The strict configuration: one line that names the key."""

import copy

import pytest
import yaml

from forestflux.core.errors import InputError
from forestflux.jobs.configuration import (
    check_config,
    has_maps,
    keys,
    labels_of,
    reference,
    source_of,
)
from tests.builders.paths import ROOT

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
RULES = yaml.safe_load(SCHEMA.read_text())


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def leaves():
    return [(name, rule) for name, rule in keys(RULES) if "properties" not in rule]


def test_the_default_configuration_passes_and_is_complete(config):
    complete = check_config(config, SCHEMA)
    for name, _ in leaves():
        value = complete
        for key in name.split("."):
            value = value[key]


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
    check_config(config, SCHEMA)


def test_every_key_has_default_unit_and_meaning():
    for name, rule in leaves():
        assert rule.get("description"), name
        assert "x-unit" in rule or "enum" in rule or "type" in rule, name
        assert "default" in rule or name in RULES["required"], name


def test_sections_take_no_unknown_keys():
    sections = [rule for _, rule in keys(RULES) if "properties" in rule]
    assert all(rule.get("additionalProperties") is False for rule in [RULES, *sections])


def test_the_configuration_given_is_not_changed(config):
    before = copy.deepcopy(config)
    check_config(config, SCHEMA)
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
        ({"seed": -1}, "configuration: seed: expected minimum 0, found -1"),
        ({"seed": "one"}, "configuration: seed: expected type integer, found 'one'"),
        ({"years": [2003]}, "configuration: years: "),
        ({"years": [2018, 2003]}, "years: expected the first year before the last"),
        ({"years": [1899, 2003]}, "configuration: years.0: expected minimum"),
        ({"grid": {"resolution_deg": 0.7}}, "grid.resolution_deg: expected a divisor"),
        ({"grid": 1}, "configuration: grid: expected type object, found 1"),
        ({"source": "satellite"}, "configuration: source: expected enum"),
        ({"source": "files"}, "towers.folder: expected a folder"),
        ({"source": "earthengine"}, "towers.folder: expected a folder"),
        ({"towers": {"archive": "a"}}, "towers.subsets: expected a folder of series"),
        ({"change": {"pair": [2003, 2019]}}, "change.pair: expected years within"),
        (
            {"change": {"windows": [[2001, 2016], [2016, 2020]]}},
            "change.windows: expected two windows in order that share no year",
        ),
        ({"only_years": [2003, 2019]}, "only_years: expected years within 2003-2018"),
        ({"only_years": [2003]}, "only_years: expected the years of change.pair, 2018"),
        ({"grid": {"only": ["r09c00"]}}, "expected a tile of the grid, found r09c00"),
        ({"earthengine": {"url": "ftp://x"}}, "earthengine.url: expected pattern"),
        ({"run": "a/b"}, "configuration: run: expected pattern"),
        ({"towers": {"holdout": ["A", "A"]}}, "towers.holdout: expected uniqueItems"),
    ],
)
def test_a_wrong_key_or_value_is_named_on_one_line(config, change, line):
    for key, value in change.items():
        if isinstance(value, dict):
            config[key] = config.get(key, {}) | value
        else:
            config[key] = value
    with pytest.raises(InputError, match=line) as caught:
        check_config(config, SCHEMA)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["run", "seed", "years"])
def test_a_missing_key_is_named(config, key):
    del config[key]
    with pytest.raises(InputError, match=f"{key}: expected a value, found a missing"):
        check_config(config, SCHEMA)


def test_a_folder_of_towers_is_the_source_when_it_is_named(config):
    complete = check_config(config, SCHEMA)
    assert source_of(complete) == "simulated"
    assert has_maps(complete)
    config["towers"] = {"folder": "my/towers"}
    complete = check_config(config, SCHEMA)
    assert source_of(complete) == "files"
    assert not has_maps(complete)


@pytest.mark.parametrize(
    ("source", "towers", "expected"),
    [
        ("auto", {}, ("simulated", "simulated")),
        ("auto", {"archive": "a", "subsets": "s"}, ("files", "archive")),
        ("auto", {"archive": "a", "folder": "f"}, ("files", "archive")),
        ("earthengine", {"folder": "f"}, ("earthengine", "folder")),
        ("simulated", {"folder": "f"}, ("simulated", "simulated")),
    ],
)
def test_layers_and_labels_come_from_what_is_named(config, source, towers, expected):
    complete = check_config(config | {"source": source, "towers": towers}, SCHEMA)
    assert (source_of(complete), labels_of(complete)) == expected


def test_the_reference_page_is_in_step_with_the_schema():
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert page == reference(SCHEMA), "run `make docs`"

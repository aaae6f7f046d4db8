"""YAML files: one line for what is no mapping with each key once."""

import pytest

from forestflux.core.input_errors import InputError
from forestflux.core.reading.yaml_files import read_yaml


def test_a_mapping_is_read_with_its_anchors(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\n")
    assert read_yaml(path)["other"] == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            b"run: a\nseed: 1\nrun: b\n",
            "each key once, found run on line 1 and on line 3",
        ),
        (b"grid: {a: 1}\ngrid: {b: 1}\n", "found grid on line 1 and on line 2"),
        (b"x:\n  grid: {a: 1, a: 2}\n", "found a on line 2 and on line 2"),
        (b'{"a": 1, "a": 2}', "found a on line 1 and on line 1"),
        (b"run: t\xe9l\xe9\n", "expected readable YAML in UTF-8"),
        (b"a: [1\n", "expected readable YAML in UTF-8"),
        (b"? [1, 2]\n: 3\n", "expected readable YAML in UTF-8"),
        (b"a: !!python/object/apply:os.getcwd []\n", "expected readable YAML in UTF-8"),
        (b"[" * 5000, "expected readable YAML in UTF-8"),
        (b"- a\n", "expected a mapping of keys, found list"),
        (b"", "expected a mapping of keys, found NoneType"),
    ],
)
def test_another_file_gets_one_line(tmp_path, content, line):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=line) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: file: expected ")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml: file: expected readable YAML"):
        read_yaml(tmp_path / "none.yaml")

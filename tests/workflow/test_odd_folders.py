"""Folders whose names a shell would take for something else."""

from tests.builders.projects import snakemake, towers_project

PROJECT = "a b'c\"d$(touch hacked);e"
RESULTS = "out 'x' $(touch hacked) & é"


def test_blanks_quotes_and_commands_in_names_of_folders_are_names(
    tmp_path, finished_towers
):
    """A run in such folders gives the same samples, and no part of a name is run."""
    project = towers_project(tmp_path / PROJECT)
    overlay = project / "mine.yaml"
    overlay.write_text(f'{overlay.read_text()}folders: {{results: "{RESULTS}"}}\n')
    words = ("--cores", "1", "--until", "samples")
    done = snakemake(project, *words, configfile="mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    made = project / RESULTS / "mine/samples/samples.csv"
    usual = finished_towers / "results/mine/samples/samples.csv"
    assert made.read_bytes() == usual.read_bytes()
    assert not [path for path in tmp_path.rglob("hacked") if path.name == "hacked"]

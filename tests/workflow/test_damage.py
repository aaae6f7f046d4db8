"""Damaged results: no stage believes them, and a run that may make them again heals them."""

from tests.builders.projects import finish, planned, snakemake
from tests.workflow.test_kill import checksums


def flip(folder):
    """Flip one bit of the last chunk of an array."""
    chunk = sorted(file for file in folder.rglob("*") if file.is_file())[-1]
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)


def test_damage_is_named_by_the_first_reader_and_healed_by_its_own_job(
    finished, project
):
    """Stores, weights and tables of a finished run, each damaged in turn."""
    results = project / "results/micro"
    flip(results / "mask/r00c00/2003.zarr/ndvi/c")
    # Snakemake knows the manifest of the job only.
    assert planned(project) == {}
    for manifest in results.glob("infer/r00c00-*.json"):
        manifest.unlink()
    done = snakemake(project, "--cores", "2", "--until", "infer")
    line = "mask/r00c00/2003.zarr: ndvi: expected readable chunks"
    assert line not in done.stdout + done.stderr  # its inferred store is still whole
    assert done.returncode == 0
    flip(results / "infer/r00c00/2003.zarr/gpp/c")
    for manifest in results.glob("infer/r00c00-*.json"):
        manifest.unlink()
    done = snakemake(project, "--cores", "2", "--until", "infer")
    assert done.returncode != 0
    assert line in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for manifest in results.glob("mask/r00c00-*.json"):
        manifest.unlink()
    finish(project, "--cores", "2")
    assert checksums(project) == checksums(finished)

    flip(results / "train/holdout/fold0/member0")  # the last file is one of weights
    totals = results / "change/totals.csv"
    totals.write_text(totals.read_text().replace("1", "2", 1))
    (results / "model/model.json").unlink()
    done = snakemake(project, "--cores", "2", "--keep-going")
    assert done.returncode != 0
    found = done.stdout + done.stderr
    assert "fold0/member0: checksum: expected weights and predictions as" in found
    assert "change/totals.csv: checksum: expected the table as its job wrote" in found
    assert "Traceback" not in found
    totals.unlink()
    for manifest in results.glob("train/holdout.*.json"):
        manifest.unlink()
    finish(project, "--cores", "2")
    assert checksums(project) == checksums(finished)
    assert planned(project) == {}

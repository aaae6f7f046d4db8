"""Damaged results: no stage believes them, and what may be made again is healed."""

from tests.builders.projects import finish, planned, snakemake
from tests.workflow.test_kill import checksums


def flip(folder):
    """Flip one bit of the last file of a folder."""
    file = sorted(file for file in folder.rglob("*") if file.is_file())[-1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def refused(project, *rules):
    """What a run up to some rules says that ends with an error, and with no traceback."""
    done = snakemake(project, "--cores", "2", "--until", *rules)
    found = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in found
    return found


def delete(results, pattern):
    """Delete the files of a run that a pattern names; there is one at least."""
    files = list(results.glob(pattern))
    assert files
    for file in files:
        file.unlink()


def test_damage_is_named_by_the_first_reader_and_healed_by_its_own_job(
    finished, project
):
    """A table, weights, a store and what is made of it, of a finished run."""
    results = project / "results/micro"
    totals = results / "change/totals.csv"
    whole = totals.read_text()
    totals.write_text(whole.replace("1", "2", 1))
    found = refused(project, "headline")
    assert "change/totals.csv: checksum: expected the table as its job wrote" in found
    totals.write_text(whole)

    flip(results / "train/holdout/fold0/member0")  # the last file is one of weights
    delete(results, "model/model.json")
    found = refused(project, "model")
    assert "fold0/member0: checksum: expected weights and predictions as" in found
    delete(results, "train/holdout.*.json")
    finish(project, "--cores", "2", "--until", "model")

    flip(results / "mask/r00c00/2003.zarr/ndvi/c")
    flip(results / "infer/r00c00/2003.zarr/gpp/c")
    # Snakemake knows the manifests of jobs; the stores themselves it does not look into.
    delete(results, "infer/r00c00-*.json")
    found = refused(project, "infer")
    assert "mask/r00c00/2003.zarr: ndvi: expected readable chunks" in found
    delete(results, "mask/r00c00-*.json")
    # One after the other: what is made again is the same, so that little else has to run.
    finish(project, "--cores", "2", "--until", "mask")
    finish(project, "--cores", "2", "--until", "infer")
    finish(project, "--cores", "2")
    assert checksums(project) == checksums(finished)
    assert planned(project) == {}

"""Copies of the project in which a test may edit, run and kill."""

import compileall
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.builders.compared_products import write_even_product
from tests.builders.paths import ROOT
from tests.builders.preloaded import Preloaded
from tests.builders.tower_folders import tower_folder

COMPILED = (".pyc", ".nbi", ".nbc")
CODE = ("Snakefile", "src", "workflow", "config", "envs", "profiles")

PRELOADED = Preloaded()

# A planet of six degrees and two years: every stage runs, in about a minute.
MICRO = """
run: micro
years: [2003, 2004]
grid: {resolution_deg: 5.0, tile_cells: 24}
samples: {unlabelled: 200}
folds: {count: 2}
fluxes: {months: true, season: {epochs: 3}}
train:
  members: 2
  epochs: {masked_pretraining: 1, all_biomes: 1, distillation: 1, forest: 3, class_weights: 1}
  distillation: {mixtures: 100}
baseline: {candidates: 1}
change: {pair: [2003, 2004]}
gates: {truth: {gpp_total: 60, nee_total: 200, coverage: 0.3}}
figures: {dpi: 50}
jobs: {tiles: 6, years: 1, tower_years: 4, folds: 2, members: 2}
"""

# What a user writes for one more input, see docs/how-to/add-input.md. The shared micro run has it.
SUNSHINE = """
sunshine:
  units: MJ m-2 day-1
  tile: &sunshine
    extract: &sunshine_extract
      collections: [OURS/SUNSHINE]
      band: shortwave
      dtype: int16
      absent: -1
      window: 1
      grid: *climate_modelling_grid
      simulation: {quantity: shortwave, multiply: 100.0, noise: 0.02}
    cube: {step_days: 8}
    mask: {scale: 0.01, offset: 0.0, valid: [0, 6000], physical: [0.0, 60.0]}
  tower:
    <<: *sunshine
    extract: {<<: *sunshine_extract, window: 3}
"""
SEVEN_INPUTS = ("ndvi", "evi", "sunshine", "et", "lst_day", "lst_night", "precip")

# A product that the shared micro run is compared with.
COMPARED = "compare: {other: {files: [other/gpp.nc]}}"

# A run of a folder of towers, in seconds.
TOWERS = """
run: mine
towers: {folder: data}
samples: {unlabelled: 50}
folds: {count: 2}
train:
  members: 1
  epochs: {masked_pretraining: 1, all_biomes: 1, distillation: 1, forest: 1, class_weights: 1}
  distillation: {mixtures: 100}
baseline: {candidates: 1, models: [svr]}
figures: {dpi: 50, formats: [png]}
jobs: {folds: 2, members: 1}
"""


def copy_project(folder: Path) -> Path:
    """The code of the project in another folder, with the micro configuration.

    What Python and numba have compiled is copied as well and stays valid, because times of
    files are kept; else every copy would compile everything again.
    """
    compileall.compile_dir(ROOT / "src", quiet=1)
    folder.mkdir(parents=True)
    for name in CODE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=unfinished)
        else:
            shutil.copy2(source, folder / name)
    (folder / "micro.yaml").write_text(MICRO)
    return folder


def unfinished(folder: str, names: list[str]) -> list[str]:
    """Compiled files that somebody is writing at this moment."""
    if Path(folder).name != "__pycache__":
        return []
    return [name for name in names if Path(name).suffix not in COMPILED]


def finish(project: Path, *arguments: str, **options) -> None:
    """Run a project to its end; fail where it stops before."""
    done = snakemake(project, *arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr


def run_micro(project: Path) -> None:
    """A copy of the project whose micro run is finished, with a seventh input and a product.

    The product is one that the maps are compared with.
    """
    copy_project(project)
    products = project / "config" / "products.yaml"
    products.write_text(products.read_text() + SUNSHINE)
    more = f"inputs: [{', '.join(SEVEN_INPUTS)}]\n{COMPARED}"
    edit(project, "micro.yaml", "run: micro", f"run: micro\n{more}")
    write_even_product(project / "other/gpp.nc", years=(2003, 2004))
    finish(project, "--cores", "2")


def towers_project(folder: Path) -> Path:
    """A project with a small valid folder of towers and its overlay, `mine.yaml`."""
    project = copy_project(folder)
    tower_folder(project / "data", forest=6, other=2, years=(2004, 2005), seed=3)
    (project / "mine.yaml").write_text(TOWERS)
    return project


def run_towers(project: Path) -> None:
    """A project of `towers_project` whose run is finished."""
    finish(towers_project(project), "--cores", "2", configfile="mine.yaml")


def command(*arguments: str, configfile: str = "micro.yaml") -> list[str]:
    """A snakemake command line."""
    return ["snakemake", "--configfile", configfile, *arguments]


def environment(first: Path | None = None) -> dict:
    """Environment of a run, without what the test runner sets for itself.

    `first` is a folder whose programs, `python` say, are found before the usual ones.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    if first is not None:
        kept["PATH"] = f"{first}{os.pathsep}{kept['PATH']}"
    return kept


def snakemake(
    project: Path,
    *arguments: str,
    first: Path | None = None,
    preloaded: bool = True,
    **options,
) -> subprocess.CompletedProcess:
    """Run snakemake in a project and wait.

    Its jobs are forks of a process that has imported their packages, unless `preloaded` is
    false or `first` names a folder of other programs.
    """
    if first is None and preloaded:
        first = PRELOADED.folder
    return subprocess.run(
        command(*arguments, **options),
        cwd=project,
        env=environment(first),
        capture_output=True,
        text=True,
        check=False,
    )


def plan(
    project: Path, *words: str, configfile: str = "micro.yaml"
) -> subprocess.CompletedProcess:
    """A command of snakemake that runs no job."""
    done = snakemake(project, *words, configfile=configfile)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def planned(project: Path, *targets: str, **options) -> dict[str, int]:
    """Rules that a run would execute, with the number of their jobs; `all` is left out."""
    dry = plan(project, "--dry-run", "--cores", "1", "--", *targets, **options)
    stats = re.search(r"job\s+count\n[-\s]+\n(.*?)\ntotal", dry.stdout, re.S)
    if stats is None:
        assert "Nothing to be done" in dry.stdout + dry.stderr
        return {}
    rows = [line.split() for line in stats[1].splitlines()]
    return {name: int(count) for name, count in rows if name != "all"}


@dataclass(frozen=True)
class RuleGraph:
    """Which rules read the files of which: the rules that each one reads, by its name."""

    reads: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, project: Path, **options) -> "RuleGraph":
        """The graph of a project's run as snakemake gives it; `all` is left out."""
        dot = plan(project, "--rulegraph", **options).stdout
        names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', dot, re.M))
        arrows = re.findall(r"^\s*(\d+) -> (\d+)$", dot, re.M)
        return cls(
            {
                name: frozenset(names[a] for a, b in arrows if b == number)
                for number, name in names.items()
                if name != "all"
            }
        )

    def from_here_on(self, *roots: str) -> set[str]:
        """Rules, and all rules that read what they make, directly or not."""
        unknown = set(roots) - set(self.reads)
        assert not unknown, f"no such rules: {sorted(unknown)}"
        found = set(roots)
        while more := {n for n, read in self.reads.items() if read & found} - found:
            found |= more
        return found


def edit(project: Path, name: str, old: str, new: str) -> None:
    """Replace a text that must be in a file exactly once."""
    file = project / name
    text = file.read_text()
    assert text.count(old) == 1, f"{name}: {old!r} occurs {text.count(old)} times"
    file.write_text(text.replace(old, new))

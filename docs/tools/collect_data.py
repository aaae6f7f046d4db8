"""Take the numbers and the pictures of the pages from finished runs into tracked files.

    python docs/tools/collect_data.py --demo results/demo --towers results/towers
    python docs/tools/collect_data.py --months results/towers_months results/towers_year
    python docs/tools/collect_data.py --online

A run that is not named leaves its files as they are. `make docs` then fills the pages.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

import demo_numbers
import month_numbers
import pandas as pd
import planet_numbers
import tower_numbers
from PIL import Image

DOCS = Path(__file__).parents[1]
DATA = DOCS / "data"
PICTURES = ("maps", "uncertainty", "drivers")
# Wide enough for a page of text, small enough to be tracked.
PICTURE_WIDTH = 900
PICTURE_COLOURS = 128


def collect_demo(results: Path) -> None:
    """Numbers and pictures of the demo."""
    write_table("demo_recovery", demo_numbers.recovery_table(results))
    write_table("demo_drivers", demo_numbers.driver_table(results))
    write_table("demo_intervals", demo_numbers.interval_table(results))
    write_table("demo_coverage", demo_numbers.coverage_table(results))
    write_table("demo_skill", planet_numbers.skill_table(results))
    write_record("demo_answer", demo_numbers.answer(results))
    write_record("demo_facts", demo_numbers.facts(results))
    for name in PICTURES:
        shrink_picture(
            results / "figures" / f"{name}.png", DOCS / "images" / f"demo-{name}.png"
        )


def collect_towers(results: Path) -> None:
    """Numbers of the run on real towers, and of its ablation where that was made."""
    write_table("towers_scores", tower_numbers.score_table(results))
    write_table("towers_differences", tower_numbers.difference_table(results))
    write_table("towers_gaps", tower_numbers.gap_table(results))
    write_table("towers_interannual", tower_numbers.interannual_table(results))
    write_table("towers_coverage", tower_numbers.coverage_table(results))
    write_record("towers_facts", tower_numbers.facts(results))
    if (results / "ablation").is_dir():
        write_table("towers_ablation", tower_numbers.ablation_rows(results))


def collect_months(results: Path, without_months: Path) -> None:
    """Numbers of the run with months on real towers, beside one without that trained networks."""
    write_table("towers_months", month_numbers.score_table(results))
    write_table("towers_month_coverage", month_numbers.coverage_table(results))
    write_record("towers_months_facts", month_numbers.facts(results, without_months))


def write_table(name: str, table: pd.DataFrame) -> None:
    """A table of `docs/data`, with as many digits as a page shows."""
    table.to_csv(DATA / f"{name}.csv", index=False, lineterminator="\n")


def write_record(name: str, record: dict) -> None:
    """A record of `docs/data`."""
    (DATA / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")


def shrink_picture(source: Path, target: Path) -> None:
    """A smaller copy of a figure, in few colours."""
    with Image.open(source) as picture:
        height = round(picture.height * PICTURE_WIDTH / picture.width)
        small = picture.convert("RGB").resize(
            (PICTURE_WIDTH, height), Image.Resampling.LANCZOS
        )
        few = small.quantize(PICTURE_COLOURS, dither=Image.Dither.NONE)
        few.save(target, optimize=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--towers", type=Path)
    parser.add_argument("--months", type=Path, nargs=2, metavar=("WITH", "WITHOUT"))
    parser.add_argument(
        "--online", action="store_true", help="compute the costs of the expression anew"
    )
    asked = parser.parse_args()
    if asked.demo:
        collect_demo(asked.demo)
    if asked.towers:
        collect_towers(asked.towers)
    if asked.months:
        collect_months(*asked.months)
    if asked.online:
        # The tests, which lie beside, and the client of Earth Engine are loaded for this alone.
        sys.path.insert(0, str(DOCS.parent))
        online_numbers = importlib.import_module("online_numbers")
        write_table("online", online_numbers.cost_table())


if __name__ == "__main__":
    main()

"""Numbers that stand in sentences, by the name with which a page asks for them."""

import ast
import math
from collections.abc import Iterator

import numpy as np
from blocks import fine_blocks
from blocks.settings_blocks import default_settings
from tracked_files import (
    ROOT,
    read_benchmark,
    read_precisions,
    read_record,
    read_table,
    read_texts,
    rows_of,
)

# 500 m: forest cells, and what Earth Engine sends for a land cell and year and by how many requests
# for a land tile of 400 x 400 cells: as `snakemake plan` counts them, mean of 278 of the land tiles
# of 0.005 degree that were drawn at random.
FINE_FOREST = 160e6
ASKED_BYTES = 1208
LAND_CELLS_OF_TILE = 36_543_125 / 278
REQUESTS_OF_TILE = 33.5


def numbers_in_text() -> dict[str, str]:
    """Every number by its name."""
    parts = (
        towers(),
        ablation(),
        demo(),
        drivers(),
        benchmarks(),
        reliability(),
        fine_resolution(),
        fine_blocks.numbers(),
        months(),
        defaults(),
        tolerances(),
    )
    return {name: text for part in parts for name, text in part}


def towers() -> Iterator[tuple[str, str]]:
    """Skill on real towers: `towers.r2.cnn.gpp.cluster`, `towers.sites`, ..."""
    facts = read_record("towers_facts")
    for name in ("site_years", "sites", "jobs", "processor_minutes", "largest_mb"):
        yield f"towers.{name}", str(facts[name])
    yield "towers.member_seconds", str(facts["member_seconds"])
    for target, tower in facts["heaviest"].items():
        yield f"towers.heaviest.{target}", f"{tower['site']}"
        yield f"towers.heaviest_share.{target}", f"{tower['share']:.2f}"
    for row in read_table("towers_scores").itertuples():
        yield f"towers.r2.{row.model}.{row.target}.{row.split}", f"{row.r2:.2f}"
    covered = read_table("towers_coverage")
    whole = covered[covered["subset"] == "all"]["covered"]
    yield "towers.covered_least", f"{100 * whole.min():.0f}"
    yield "towers.covered_most", f"{100 * whole.max():.0f}"
    time = read_table("towers_interannual")
    time = time[(time["form"] == "response") & (time["split"] == "cluster")]
    for row in time.itertuples():
        # From the two decimals of the table beside it, so that a page has one number.
        percent = 100 * float(f"{row.r2:.2f}")
        yield f"towers.interannual_percent.{row.target}", f"{percent:.0f}"
        yield f"towers.interannual_slope.{row.target}", f"{row.slope:.2f}"
        yield f"towers.interannual_sd.{row.target}", f"{row.sd_observed:.0f}"
    yield "towers.interannual_site_years", str(time["n"].iloc[0])
    yield "towers.interannual_sites", str(time["n_sites"].iloc[0])
    gaps = read_table("towers_gaps").set_index(
        ["model", "gap_pattern", "gap_fraction"]
    )["r2_lost"]
    yield "towers.lost_half_hidden", f"{gaps['cnn', 'random', 0.5]:.2f}"


def ablation() -> Iterator[tuple[str, str]]:
    """What a choice is worth: `ablation.cluster.no_radiation.nee_minus_full`."""
    columns = ("gpp_minus_full", "nee_minus_full", "gpp_lost_half_hidden")
    for row in read_table("towers_ablation").itertuples():
        for column in columns:
            value = getattr(row, column)
            digits = 3 if column == "gpp_lost_half_hidden" else 2
            name = f"ablation.{row.split}.{row.variant}.{column}"
            yield name, f"{abs(value):.{digits}f}"


def demo() -> Iterator[tuple[str, str]]:
    """What the demo took, and the errors to which it is held."""
    for name, value in read_record("demo_facts").items():
        yield f"demo.{name}", f"{value:g}"
    for row in read_texts("demo_intervals").itertuples():
        yield f"demo.{row.flux}_change_lower", row.lower
        yield f"demo.{row.flux}_change_upper", row.upper
    for row in read_table("stated_errors").itertuples():
        yield f"stated.{row.quantity}", f"{row.percent}"


def drivers() -> Iterator[tuple[str, str]]:
    """Drivers of the demo's change: `drivers.gpp_change.found`."""
    for row in read_texts("demo_drivers").itertuples():
        yield f"drivers.{row.quantity}.planted", row.planted
        yield f"drivers.{row.quantity}.found", row.found


def benchmarks() -> Iterator[tuple[str, str]]:
    """Numbers of the benchmarks."""
    *_, inference = read_precisions("inference").values()
    growth = read_benchmark("growth")
    yield "inference.members", str(inference["settings"]["members"])
    yield "inference.runs", str(inference["ratios"][0]["runs"])
    for precision, record in read_precisions("inference").items():
        for name, ratio in zip(("stage", "networks"), record["ratios"], strict=False):
            missed = ratio["aim"] - ratio["ratio"]
            yield f"inference.missed.{name}.{precision}", f"{missed:.2f}"
    for name, value in growth["facts"]["exponents"].items():
        yield f"growth.{name.replace(' ', '_')}", f"{value:.2f}"
    (globe,) = rows_of(growth, "globe")
    rate = round(globe["cells"] / globe["seconds"], -3)
    yield "growth.cells_per_second", f"{rate:,.0f}"
    *_, fewer, most = rows_of(growth, "cells")
    slope = math.log(most["seconds"] / fewer["seconds"]) / math.log(
        most["cells"] / fewer["cells"]
    )
    yield "growth.seconds_from_a_million_cells", f"{slope:.2f}"
    planets = read_benchmark("planets")
    yield "planets.run", str(len(planets["facts"]["planets"]))
    yield "planets.still", str(planets["facts"]["still_planets"])
    alarms = planets["facts"]
    for name in ("change", "slope"):
        share = alarms[f"still_{name}_alarms"]
        yield f"planets.{name}_alarms", f"{100 * share:.0f}"
    land_cells = read_benchmark("layout")["facts"]["land_cells"]
    yield "layout.land_cells", f"{land_cells:,}"
    for precision, record in read_precisions("roofline").items():
        (one_filter,) = record["ratios"]
        yield f"roofline.one_filter.{precision}", f"{one_filter['ratio']:.1f}"
    for precision, record in read_precisions("stage_roofline").items():
        for name in ("found", "bound"):
            ratio = record["facts"][f"{name}_ratio"]
            yield f"stage_roofline.{name}.{precision}", f"{ratio:.2f}"
    fresh = read_benchmark("fresh_clone")
    yield "fresh_clone.processor", fresh["machine"]["processor"]
    for row in fresh["rows"]:
        target = row["command"].removeprefix("make ")
        yield f"fresh_clone.{target}", f"{row['seconds'] / 60:.0f}"
    for ratio in read_benchmark("training_memory")["ratios"]:
        name = "time" if ratio["unit"] == "s" else "memory"
        for key in ("ratio", "lowest", "highest"):
            yield f"training_memory.{name}.{key}", f"{ratio[key]:.2f}"
    explorer = read_benchmark("explorer")
    yield "explorer.million_cells", f"{explorer['facts']['cells'] / 1e6:.0f}"
    yield "explorer.years", str(explorer["settings"]["years"])
    for name in ("layers_mb", "beside_mb"):
        yield f"explorer.{name}", f"{explorer['facts'][name]:.0f}"
    for name in ("block", "files"):
        yield f"explorer.{name}", str(explorer["facts"][name])
    plan = read_table("earthengine_plan").set_index("run")
    asked = plan.loc["globe, 2003 and 2018"]
    yield "plan.globe.requests", f"{int(asked.requests):,}"
    yield "plan.globe.gib", f"{asked.mib / 1024:.0f}"
    pilot = plan[[str(run).startswith("pilot") for run in plan.index]]
    yield "plan.pilot.requests", f"{pilot.requests.sum():,}"


def reliability() -> Iterator[tuple[str, str]]:
    """What was tried, and what came of it: `reliability.kills`, ..."""
    files, faults = read_table("fuzz"), read_table("flux_faults").set_index("fault")
    yield "reliability.damaged_files", f"{files['tried'].sum():,}"
    kills = read_benchmark("kills")["facts"]
    yield "reliability.kills", str(kills["kills"])
    yield "reliability.runs", str(kills["runs_to_the_end"])
    yield "reliability.files", f"{kills['files_compared']:,}"
    yield "reliability.differing", str(len(kills["files_differing"]))
    yield "reliability.towers", str(faults.loc["nothing", "towers"])
    yield "reliability.false_alarms", str(faults.loc["nothing", "named"])


def months() -> Iterator[tuple[str, str]]:
    """Months at unseen real towers, and what they take."""
    facts, costs = read_record("towers_months_facts"), read_benchmark("months")
    ours, theirs = facts["networks"], facts["networks_without_months"]
    equal = sum(ours[name] == theirs[name] for name in ours)
    yield "months.equal_networks", f"{equal} of {len(ours)}"
    yield "months.members", str(len(ours))
    scores = read_table("towers_months").query("split == 'cluster'")
    yield "months.site_years", str(scores["n"].iloc[0])
    yield "months.sites", str(scores["n_sites"].iloc[0])
    yield "months.taught_site_years", str(facts["season_site_years"])
    yield "months.taught_sites", str(facts["season_sites"])
    yield "months.seconds", str(facts["season_processor_seconds"])
    cells = costs["facts"]["forest_cells"] * costs["settings"]["years"]
    yield "months.cells", f"{cells:,}"
    (globe,) = rows_of(read_benchmark("growth"), "globe")
    yield "growth.globe_cells", f"{globe['cells']:,}"


def fine_resolution() -> Iterator[tuple[str, str]]:
    """What a year at 500 m would take, from the rates that were measured."""
    growth, layout = read_benchmark("growth"), read_benchmark("layout")
    (globe,) = rows_of(growth, "globe")
    rate = globe["cells"] / globe["core_seconds"]
    hours = FINE_FOREST / rate / 3600
    beside = growth["facts"]["land_cells"] / globe["cells"]
    land = FINE_FOREST * beside
    per_cell = layout["rows"][0]["bytes_per_land_cell"]
    yield "fine.forest_cells", f"{FINE_FOREST:,.0f}"
    yield "fine.measured_cells", f"{globe['cells']:,}"
    yield "fine.measured_seconds", f"{globe['core_seconds']:.0f}"
    yield "fine.rate", f"{rate:,.0f}"
    yield "fine.core_hours", f"{hours:.1f}"
    stage = read_precisions("stage_roofline")["float32"]["facts"]
    slower = FINE_FOREST * stage["parts_ns"] * 1e-9 / 3600
    yield "fine.core_hours_float32", f"{slower:.1f}"
    yield "growth.land_cells", f"{growth['facts']['land_cells'] / 1e6:.2f}"
    globe_bytes = growth["facts"]["land_cells"] * per_cell
    yield "layout.globe_gigabytes", f"{globe_bytes / 1e9:.1f}"
    yield "fine.node_cores", f"{fine_blocks.NODE_CORES}"
    yield "fine.node_minutes", f"{hours / fine_blocks.NODE_CORES * 60:.0f}"
    yield "fine.hundred_nodes_seconds", f"{hours / fine_blocks.NODE_CORES * 36:.0f}"
    yield "fine.land_per_forest", f"{beside:.2f}"
    yield "fine.bytes_per_cell", f"{per_cell}"
    yield "fine.gigabytes", f"{land * per_cell / 1e9:,.0f}"
    yield "fine.land_cells", f"{land:,.0f}"
    yield "fine.asked_bytes", f"{ASKED_BYTES}"
    yield "fine.requests", f"{land / LAND_CELLS_OF_TILE * REQUESTS_OF_TILE:,.0f}"
    yield "fine.terabytes", f"{land * ASKED_BYTES / 1e12:.2f}"


def defaults() -> Iterator[tuple[str, str]]:
    """Defaults of the configuration: `default.gates.rounding`; ranges as `low to high`."""
    for key, value in default_settings().items():
        if isinstance(value, list):
            yield f"default.{key}", " to ".join(f"{end:g}" for end in value)
        elif isinstance(value, int | float):
            yield f"default.{key}", f"{value:g}"
        elif isinstance(value, str):
            yield f"default.{key}", value


def tolerances() -> Iterator[tuple[str, str]]:
    """Tolerance of the fast inference, read from its source: nothing heavy is imported."""
    source = ROOT / "src/forestflux/ensemble/fast/fast_inference.py"
    (value,) = (
        node.value
        for node in ast.parse(source.read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "TOLERANCE"
    )
    for precision, (largest, usual) in ast.literal_eval(value).items():
        yield f"tolerance.{precision}.largest", f"{largest:g}"
        yield f"tolerance.{precision}.usual", np.format_float_positional(usual)

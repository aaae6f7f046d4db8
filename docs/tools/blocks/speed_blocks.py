"""Blocks with speed, memory and sizes, from the records of the benchmarks."""

from tracked_files import markdown_table, read_benchmark, rows_of


def inference() -> str:
    """Ratios of `make bench`."""
    rows = []
    for row in read_benchmark("inference")["ratios"]:
        aim = "" if row["aim"] is None else f"{row['aim']:g}"
        ends = f"{row['lowest']:.2f} to {row['highest']:.2f}"
        rows.append([row["name"], f"{row['ratio']:.2f}", ends, aim])
    return markdown_table(["ratio", "found", "lowest to highest", "aim"], rows)


def shares() -> str:
    """Where the processor time of the stage goes."""
    found = read_benchmark("inference")["facts"]["shares"]
    rows = [[name, f"{value:.2f}"] for name, value in found.items()]
    return markdown_table(["share", "found"], rows)


def roofline() -> str:
    """Parts of the networks beside the least time that the processor allows."""
    found = read_benchmark("roofline")
    rows = [
        [row["part"], f"{row['found_ns'] / 1e3:.1f}", f"{row['bound_ns'] / 1e3:.1f}"]
        for row in found["rows"]
    ]
    facts = found["facts"]
    rows.append(
        ["sum", f"{facts['parts_ns'] / 1e3:.1f}", f"{facts['bounds_ns'] / 1e3:.1f}"]
    )
    head = ["part", "microseconds a cell", "at least"]
    return markdown_table(head, rows)


def network_variants() -> str:
    """Other networks: their time and their skill, relative to the one with ReLU."""
    found = read_benchmark("network_variants")
    scores: dict[str, list[dict]] = {}
    for row in found["rows"]:
        scores.setdefault(row["variant"], []).append(row)
    present = next(iter(scores.values()))
    table = []
    for ratio in found["ratios"]:
        name = ratio["name"].removeprefix("time of ").removesuffix(" / ReLU")
        cells = [name, f"{ratio['ratio']:.2f}"]
        for flux in ("r2_gpp", "r2_nee"):
            lost = [
                mine[flux] - theirs[flux]
                for mine, theirs in zip(scores.get(name, []), present, strict=False)
            ]
            cells.append(f"{sum(lost) / len(lost):+.3f}" if lost else "")
        table.append(cells)
    head = ["network", "time / with ReLU", "R2 of GPP to ReLU", "R2 of NEE to ReLU"]
    return markdown_table(head, table)


def growth() -> str:
    """Jobs against cells, members and tiles."""
    found = read_benchmark("growth")
    names = {
        "cells": "infer, more cells",
        "members": "infer, more members",
        "tiles": "infer, {tiles} tiles",
        "globe": "infer, all land tiles",
        "departures": "departures, the globe",
        "level": "level, the globe",
        "map": "map, the globe",
    }
    rows = [
        [
            name.format(**row),
            f"{row['cells']:,}",
            str(row["members"]),
            f"{row['seconds']:.0f}",
            f"{row['core_seconds']:.0f}",
            f"{row['megabytes']:.0f}",
        ]
        for group, name in names.items()
        for row in rows_of(found, group)
    ]
    head = ["job", "forest cells", "members", "seconds", "processor seconds", "MB"]
    return markdown_table(head, rows)


def layout() -> str:
    """Sizes and rates of the layouts."""
    keys = (
        "layout",
        "megabytes",
        "files",
        "bytes_per_land_cell",
        "write_mb_s",
        "read_mb_s",
        "read_rows_mb_s",
    )
    found = read_benchmark("layout")["rows"]
    rows = [[str(row[key]) for key in keys] for row in found]
    head = ["layout", "MB", "files", "bytes per land cell", "write", "read"]
    return markdown_table([*head, "read 50 rows"], rows)


def dry_runs() -> str:
    """What it takes to plan a run of 20 years over all land tiles."""
    found = read_benchmark("planning")["rows"]
    rows = [
        [
            row["name"],
            f"{row['jobs']:,}",
            f"{row['seconds']:.0f}",
            str(row["megabytes"]),
        ]
        for row in found
    ]
    head = ["how jobs own tiles and years", "jobs", "seconds", "MB"]
    return markdown_table(head, rows)

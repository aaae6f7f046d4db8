"""Blocks with speed, memory and sizes, from the records of the benchmarks."""

from tracked_files import (
    markdown_table,
    read_benchmark,
    read_precisions,
    rows_of,
)


def inference() -> str:
    """Ratios of `make bench`, in each precision that was measured."""
    records = read_precisions("inference")
    *_, last = records.values()
    rows = []
    for number, row in enumerate(last["ratios"]):
        cells = [
            f"{found['ratio']:.2f} ({found['lowest']:.2f} to {found['highest']:.2f})"
            for found in (record["ratios"][number] for record in records.values())
        ]
        aim = "" if row["aim"] is None else f"{row['aim']:g}"
        rows.append([row["name"], *cells, aim])
    return markdown_table(["ratio", *records, "aim"], rows)


def shares() -> str:
    """Where the processor time of the stage goes, in each precision that was measured."""
    found = {
        precision: record["facts"]["shares"]
        for precision, record in read_precisions("inference").items()
    }
    names = next(iter(found.values()))
    rows = [
        [name, *(f"{shares[name]:.2f}" for shares in found.values())] for name in names
    ]
    return markdown_table(["share", *found], rows)


def roofline() -> str:
    """Parts of the networks beside the least time that the processor allows."""
    return tabulate_bounds(read_precisions("roofline"))


def stage_roofline() -> str:
    """Parts of the whole stage beside the least time that the processor allows."""
    return tabulate_bounds(read_precisions("stage_roofline"))


def tabulate_bounds(records: dict[str, dict]) -> str:
    """Microseconds a cell of each part and its bound, in each precision that was measured."""
    table: dict[str, list[str]] = {}
    for record in records.values():
        parts = [
            (row["part"], row["found_ns"], row["bound_ns"]) for row in record["rows"]
        ]
        parts.append(("sum", record["facts"]["parts_ns"], record["facts"]["bounds_ns"]))
        for name, *times in parts:
            cells = [f"{nanoseconds / 1e3:.1f}" for nanoseconds in times]
            table.setdefault(name, []).extend(cells)
    head = [
        text
        for precision in records
        for text in (f"{precision}: microseconds a cell", "at least")
    ]
    return markdown_table(["part", *head], [[n, *cells] for n, cells in table.items()])


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

"""Blocks with speed, memory and sizes, from the records of the benchmarks."""

from tracked_files import markdown_table, read_benchmark


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
    found = read_benchmark("inference")["shares"]
    rows = [[name, f"{value:.2f}"] for name, value in found.items()]
    return markdown_table(["share", "found"], rows)


def growth() -> str:
    """Jobs against cells, members and tiles."""
    found = read_benchmark("growth")
    jobs = [("infer, more cells", row, 5) for row in found["cells"]]
    jobs += [("infer, more members", row, row["members"]) for row in found["members"]]
    jobs += [(f"infer, {row['tiles']} tiles", row, 5) for row in found["tiles"]]
    jobs += [("infer, all land tiles", found["globe"], 5)]
    jobs += [("map, the globe", found["map"] | {"cells": found["globe"]["cells"]}, 5)]
    rows = [
        [
            name,
            f"{row['cells']:,}",
            str(members),
            f"{row['seconds']:.0f}",
            f"{row['processor_seconds']:.0f}",
            f"{row['megabytes']:.0f}",
        ]
        for name, row, members in jobs
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
    found = read_benchmark("layout")["layouts"]
    rows = [[str(row[key]) for key in keys] for row in found]
    head = ["layout", "MB", "files", "bytes per land cell", "write", "read"]
    return markdown_table([*head, "read 50 rows"], rows)


def dry_runs() -> str:
    """What it takes to plan a run of 20 years over all land tiles."""
    found = read_benchmark("dag")["dry_runs"]
    rows = [
        [name, f"{row['jobs']:,}", f"{row['seconds']:.0f}", str(row["megabytes"])]
        for name, row in found.items()
    ]
    head = ["how jobs own tiles and years", "jobs", "seconds", "MB"]
    return markdown_table(head, rows)

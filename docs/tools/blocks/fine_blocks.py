"""Blocks of fine maps: cost of a region, plan of a continent, whether resolutions agree."""

from collections.abc import Iterator

from tracked_files import markdown_table, read_benchmark, rows_of

from forestflux.core.interval_text import write_interval

QUANTITIES = {"total": "total of {year}, TgC yr-1", "change": "change, TgC yr-1"}
# Of a node of a cluster, as other estimates of these pages have it.
NODE_CORES = 32


def resolutions() -> str:
    """Totals and changes of one region on each grid."""
    found = read_benchmark("resolutions")
    values = rows_of(found, "value")
    sides = list(dict.fromkeys(row["side"] for row in values))
    inside = {
        (pair["quantity"], pair["flux"]): all(
            one["inside"]
            for one in rows_of(found, "pair")
            if (one["quantity"], one["flux"]) == (pair["quantity"], pair["flux"])
        )
        for pair in rows_of(found, "pair")
    }
    rows = []
    for (quantity, flux), agrees in inside.items():
        own = [r for r in values if (r["quantity"], r["flux"]) == (quantity, flux)]
        name = QUANTITIES[quantity].format(**found["facts"])
        cells = [write_interval(r["value"], r["lower"], r["upper"]) for r in own]
        rows.append([f"{flux.upper()}, {name}", *cells, "yes" if agrees else "no"])
        if quantity == "total":
            means = [f"{row['mean']:,.0f}" for row in own]
            rows.append([f"{flux.upper()}, mean, gC m-2 yr-1 of forest", *means, ""])
    forest = [f"{r['forest_km2']:,.0f}" for r in values if "forest_km2" in r]
    rows.append(["forest, km2", *forest[:: len(forest) // len(sides)], ""])
    head = ["", *(f"{side:g} degree" for side in sides), "each in the others' interval"]
    return markdown_table(head, rows)


def fine_stages() -> str:
    """Time and memory of each stage at 0.005 degree, by area of the region."""
    found = read_benchmark("fine_region")
    stages = rows_of(found, "stage")
    areas = list(dict.fromkeys(row["area"] for row in stages))
    by_key = {(row["stage"], row["area"]): row for row in stages}
    rows = []
    for stage in dict.fromkeys(row["stage"] for row in stages):
        own = [by_key[stage, area] for area in areas]
        growth = found["facts"]["exponents"][stage]["core_seconds"]
        rows.append(
            [
                stage,
                *(f"{row['core_seconds_per_million']:,.0f}" for row in own),
                *(f"{row['megabytes']:,.0f}" for row in own),
                "" if growth is None else f"{growth:.2f}",
            ]
        )
    head = ["stage"]
    head += [f"processor s per million, {area:,} km2" for area in areas]
    head += [f"MB of a job, {area:,} km2" for area in areas]
    return markdown_table([*head, "exponent of time"], rows)


def fine_disk() -> str:
    """Disk of a year at 0.005 degree, of the largest region."""
    found = read_benchmark("fine_region")
    disk = rows_of(found, "disk")
    largest = max(row["area"] for row in disk)
    rows = [
        [
            f"`{row['folder']}`",
            "scratch" if row["scratch"] else "kept",
            f"{row['megabytes']:,.0f}",
            f"{row['bytes_per_forest_cell']:,.0f}",
        ]
        for row in disk
        if row["area"] == largest
    ]
    return markdown_table(["folder", "", "MB a year", "bytes per forest cell"], rows)


def fine_plans() -> str:
    """What it takes to plan a continent at 0.005 degree."""
    rows = [
        [
            str(row["years"]),
            str(row["job_tiles"]),
            f"{row['jobs']:,}",
            f"{row['seconds']:.0f}",
            f"{row['megabytes']:.0f}",
        ]
        for row in rows_of(read_benchmark("fine_plan"), "dry run")
    ]
    return markdown_table(["years", "tiles a job", "jobs", "seconds", "MB"], rows)


def numbers() -> Iterator[tuple[str, str]]:
    """Numbers for sentences: `region500.cells`, `continent.requests`, ..."""
    fine = read_benchmark("fine_region")
    stages = rows_of(fine, "stage")
    region = max(rows_of(fine, "region"), key=lambda row: row["km2"])
    own = [row for row in stages if row["area"] == region["area"]]
    per_million = sum(row["core_seconds_per_million"] for row in own)
    yield "region500.km2", f"{region['km2']:,}"
    yield "region500.cells", f"{region['forest_cells']:,}"
    yield "region500.core_seconds", f"{sum(row['core_seconds'] for row in own):.0f}"
    yield "region500.per_million", f"{per_million / 60:.0f}"
    yield "region500.largest_mb", f"{max(row['megabytes'] for row in stages):,.0f}"
    (plan,) = rows_of(read_benchmark("fine_plan"), "plan")
    yield "continent.tiles", f"{plan['tiles']:,}"
    yield "continent.requests", f"{plan['requests']:,}"
    yield "continent.gib", f"{plan['gib']:,.0f}"
    yield "continent.disk_gib", f"{plan['disk_gib']:,.0f}"
    yield "continent.plan_seconds", f"{plan['seconds']:.0f}"
    yield "continent.plan_mb", f"{plan['megabytes']:.0f}"
    # As if every tile were forest like the measured region.
    cells = plan["tiles"] * region["forest_cells"] / region["tiles"]
    yield "continent.most_cells", f"{cells / 1e6:,.0f}"
    hours = cells / 1e6 * per_million / 3600
    yield "continent.core_hours", f"{hours:,.0f}"
    yield "continent.node_hours", f"{hours / NODE_CORES:,.1f}"
    yield "continent.node_cores", f"{NODE_CORES}"

"""Block of the page on the ensemble inside Earth Engine: its costs and its differences."""

from tracked_files import markdown_table, read_table

FLUXES, ENDS = ("gpp", "reco", "nee"), ("lower", "upper")


def online_proof() -> str:
    """Size, arithmetic of a cell and greatest difference to `predict`, by members."""
    rows = []
    for row in read_table("online").itertuples():
        bounds = max(getattr(row, f"{f}_{end}") for f in ("gpp", "nee") for end in ENDS)
        rows.append(
            [
                str(row.members),
                f"{row.bytes / 1e6:.2f}",
                f"{row.calls:,}",
                str(row.chain),
                str(row.nesting),
                f"{row.multiply_adds / 1e6:.2f}",
                *(f"{getattr(row, flux):.5f}" for flux in FLUXES),
                f"{bounds:.5f}",
            ]
        )
    head = [
        "members",
        "MB",
        "function calls",
        "longest chain",
        "nesting",
        "million multiply-adds a cell",
        *(f"{flux.upper()}" for flux in FLUXES),
        "bounds",
    ]
    return markdown_table(head, rows)

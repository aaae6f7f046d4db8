"""Blocks of the page on reliability: what was tried, and what came of it."""

from collections import Counter

from tracked_files import markdown_table, read_benchmark, read_table, wrap_sentences

NOTHING = "nothing"
# Their layout is solved in another order now and then and differs in the tenth decimal.
FIGURES = "figures/"


def trials() -> str:
    """Everything that was tried by a seed or by turns, summed up."""
    files, kills = read_table("fuzz"), read_benchmark("kills")["facts"]
    sums = files[["tried", "right", "line", "wrong", "traceback"]].sum()
    wrong = [name for name in kills["files_differing"] if not name.startswith(FIGURES)]
    of_kills = (kills["kills"], kills["kills"] if not wrong else 0, 0, len(wrong), 0)
    rows = [
        ["damaged files", *(f"{value:,}" for value in sums)],
        ["kills of a whole run", *(f"{value:,}" for value in of_kills)],
    ]
    head = ["tried", "cases", "right", "one line", "silently wrong", "tracebacks"]
    return markdown_table(head, rows)


def damaged_files() -> str:
    """Damaged files of each kind: a right answer, one line, or worse."""
    columns = ["tried", "right", "line", "wrong", "traceback"]
    table = read_table("fuzz").set_index("reader")[columns]
    rows = [
        [str(reader), *(f"{value:,}" for value in counts)]
        for reader, counts in table.iterrows()
    ]
    head = ["reader", "damaged", "right answer", "one line", "wrong", "traceback"]
    return markdown_table(head, rows)


def wrong_fluxes() -> str:
    """Faults that were planted at one real tower after the other, and how many were named."""
    table = read_table("flux_faults")
    rows = [
        [
            row.fault,
            str(row.towers),
            share(row.named, row.towers),
            str(row.forests),
            share(row.forests_named, row.forests),
        ]
        for row in table[table["fault"] != NOTHING].itertuples()
    ]
    head = ["planted", "towers", "named", "forests", "named"]
    return markdown_table(head, rows)


def share(part: int, whole: int) -> str:
    """A count and its percentage."""
    return f"{part} ({100 * part / whole:.0f} %)"


def kills() -> str:
    """At which stages the kills hit; several jobs run at once."""
    rows = read_benchmark("kills")["rows"]
    hit = Counter(name for row in rows for name in row["running"] or ["no job yet"])
    listed = ", ".join(f"{name} {count}" for name, count in sorted(hit.items()))
    return wrap_sentences(f"At work when a kill came: {listed}.")

"""Files of the pages: figures, headline numbers, report."""

# Files that only a run with maps has, and those that need a second year.
OF_MAPS = ("maps/", "change/", "gates/", "compare/", "months/zones")
OF_CHANGE = ("maps/first", "change/", "drivers/", "recovery/")


def figure_names():
    """Figures that this run can draw."""
    return [
        name
        for name, files in needs().items()
        if (MAPPED or not any(f.startswith(OF_MAPS) for f in files))
        and (CHANGED or not any(f.startswith(OF_CHANGE) for f in files))
        and (WITH_DRIVERS or not any(f.startswith("drivers/") for f in files))
        and (WITH_COMPARED or not any(f.startswith("compare/") for f in files))
        and (SIMULATED or not any(f.startswith("recovery/") for f in files))
        and (MONTHS or not any(f.startswith("months/") for f in files))
    ]


def figure_inputs(wildcards):
    """Files that a figure reads; maps are known by the manifest of their years."""
    pair = dict(zip(("first", "second"), shown_years()))
    files = []
    for name in needs()[wildcards.figure]:
        if name.startswith("maps/"):
            batch = year_batch(pair[Path(name).stem])
            files.append(f"<results>/maps/{batch}.json")
        else:
            files.append(f"<results>/{name}")
    return files


def figure_targets():
    """All figures of this run."""
    formats = CONFIG.figures.formats
    return [
        f"<results>/figures/{name}.{kind}"
        for name in figure_names()
        for kind in formats
    ]


def figure_settings(*, column):
    """What a figure depends on beside its inputs."""
    # Asking for the figures for one column makes no other figure stale.
    unasked = {} if column else {"column_mm": None}
    return settings(
        figures=CONFIG.figures.model_copy(update=unasked),
        pair=shown_years(),
        simulated=SIMULATED,
        column=column,
    )


def figure_caption(name):
    """The words that a figure's file carries."""
    return caption_of(
        name,
        pair=shown_years(),
        level=CONFIG.evaluate.level,
        members=CONFIG.train.members,
        simulated=SIMULATED,
    ).text


def column_figures():
    """Figures of this run for one column of a journal, if it asks for them."""
    if CONFIG.figures.column_mm is None:
        return []
    return [
        f"<results>/figures/{name}_column.pdf"
        for name in figure_names()
        if FIGURES[name].column
    ]


def headline_tables():
    """Tables that have the headline numbers of this run."""
    names = ["evaluate/scores", "evaluate/calibration"]
    if CHANGED:
        names += ["change/totals", "change/pair"]
    return [f"<results>/{name}.csv" for name in names]


def report_tables():
    """Tables that the report shows of this run."""
    names = "headline samples/samples towers/left_out explain/sanity".split()
    names += "evaluate/scores evaluate/interannual".split()
    names += "evaluate/calibration evaluate/gaps".split()
    if MAPPED:
        names.append("gates/gates")
    if CHANGED:
        names += "change/totals change/pair".split()
        names += "change/regions change/region_changes".split()
        names += ["months/region_months"] if MONTHS else []
    if WITH_DRIVERS:
        names.append("drivers/drivers")
    if WITH_COMPARED:
        names.append("compare/comparison")
    if CHANGED and SIMULATED:
        names += "recovery/recovery recovery/coverage".split()
    names += ["samples/bibliography"] if bibliography_targets() else []
    names += ["handover/handover"] if handover_targets() else []
    return [f"<results>/{name}.csv" for name in names]

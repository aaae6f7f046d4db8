"""Batches: which places, years, folds and members one job owns; no rules here."""

# Those of this run, in the order of the split column; `holdout` trains the networks of the maps.
RUN_SPLITS = (
    "site",
    "cluster",
    *(["random"] if CONFIG.folds.random else []),
    "holdout",
)

# With the tiles of the region, which are found here so that a plan knows them.
MAP_GRID = MappedGridSettings(**CONFIG.grid.model_dump())
if CONFIG.region:
    from forestflux.jobs.mapped_grid import choose_tiles

    try:
        MAP_GRID = choose_tiles(CONFIG)
    except InputError as error:
        raise WorkflowError(str(error))

YEARS = CONFIG.mapped_years if MAPPED else []
YEAR_BATCHES = batches(YEARS, CONFIG.jobs.years, name=span)
TOWER_BATCHES = batches(TOWER_YEARS, CONFIG.jobs.tower_years, name=span)
TILES = [tile.name for tile in Grid(**MAP_GRID.model_dump()).tiles()] if MAPPED else []
TILE_BATCHES = batches(
    TILES, CONFIG.jobs.tiles, name=lambda tiles: f"{tiles[0]}-{tiles[-1]}"
)
FOLD_BATCHES = batches(range(CONFIG.folds.count), CONFIG.jobs.folds, name=span)
MEMBER_BATCHES = batches(range(CONFIG.train.members), CONFIG.jobs.members, name=span)
UNLABELLED_YEAR = CONFIG.samples.unlabelled_year or (YEARS[0] if MAPPED else None)


wildcard_constraints:
    places=r"towers|r\d+c\d+-r\d+c\d+",
    years=r"\d{4}(-\d{4})?",
    split="|".join(RUN_SPLITS),
    folds=r"\d+(-\d+)?",
    members=r"\d+(-\d+)?",
    model=r"[a-z_]+",
    variant=r"[a-z_]+",
    repeat=r"\d+",
    figure="|".join(needs()),
    site=r"[A-Z]{2}-[A-Za-z0-9]{3}",


def places_of(wildcards):
    """Places that a job owns."""
    return TILE_BATCHES.get(wildcards.places, ["towers"])


def years_of(wildcards):
    """Years that a job owns; towers and tiles have batches of their own."""
    if getattr(wildcards, "places", "") == "towers":
        return TOWER_BATCHES[wildcards.years]
    return YEAR_BATCHES[wildcards.years]


def folds_of(wildcards):
    """Folds that a job owns; the holdout split has one, whose networks make the maps."""
    return [0] if wildcards.split == "holdout" else FOLD_BATCHES[wildcards.folds]


def gaps_of(wildcards):
    """Gaps that a job puts into unseen rows: the split by site alone has any.

    The networks of the other splits, those that make the maps among them, depend on none.
    """
    return CONFIG.evaluate.gaps if wildcards.split == "site" else None


def year_batch(year):
    """Name of the batch in which a mapped year lies."""
    return next(name for name, years in YEAR_BATCHES.items() if year in years)


def pair_batches():
    """Names of the batches in which the pair of years lies, each once; none with one year."""
    pair = CONFIG.change.pair if CHANGED else ()
    return list(dict.fromkeys(year_batch(year) for year in pair))


def shown_years():
    """First and second year of the maps that figures show: the pair, or the only year twice."""
    return CONFIG.change.pair if CHANGED or not MAPPED else (YEARS[0], YEARS[0])

"""What a run consists of: the files of every stage, by the name that rules ask for."""

# Stages whose stores nothing reads any more once the masked ones are there.
ON_SCRATCH = ("extract", "cube")


def towers_targets():
    """Checked tower tables."""
    names = ("sites", "site_years", "citations", "left_out")
    return [f"<results>/towers/{name}.csv" for name in names]


def subsets_targets():
    """Manifest of the subsets; none where the run has none."""
    return ["<results>/subsets/subsets.json"] if SUBSET_FILES else []


def tower_stage(stage):
    """A stage's manifests of the towers."""
    root = "<scratch>" if stage in ON_SCRATCH else "<results>"
    return [f"{root}/{stage}/towers.{years}.json" for years in TOWER_BATCHES]


def tile_stage(stage, years=None):
    """A stage's manifests of all tiles, of some batches of years or of all."""
    batches_of_years = YEAR_BATCHES if years is None else years
    root = "<scratch>" if stage in ON_SCRATCH else "<results>"
    return [
        f"{root}/{stage}/{places}.{batch}.json"
        for places in TILE_BATCHES
        for batch in batches_of_years
    ]


def stage_targets(stage):
    """All manifests of extract, cube or mask."""
    return tower_stage(stage) + tile_stage(stage)


def bibliography_targets():
    """Citations of the used towers, where labels come from an archive."""
    kinds = ("csv", "md") if LABELS == "fluxnet" else ()
    return [f"<results>/samples/bibliography.{kind}" for kind in kinds]


def fold_batches(split):
    """Names of the fold batches of a split."""
    return ["0"] if split == "holdout" else list(FOLD_BATCHES)


def train_targets(split=None):
    """Manifests of all networks, or of one split."""
    return [
        f"<results>/train/{name}.{folds}.{members}.json"
        for name in ([split] if split else RUN_SPLITS)
        for folds in fold_batches(name)
        for members in MEMBER_BATCHES
    ]


def baseline_targets():
    """Predictions of all classical models."""
    return [
        f"<results>/baseline/{model}.{split}.{folds}.csv"
        for model in CONFIG.baseline.models
        for split in RUN_SPLITS
        for folds in fold_batches(split)
    ]


def ablation_targets():
    """Predictions of every variant and classical model, split and repeat."""
    ablation = CONFIG.ablation
    return [
        f"<results>/ablation/{variant}.{split}.{repeat}.csv"
        for variant in ("full", *ablation.variants, *CONFIG.baseline.models)
        for split in ablation.splits
        for repeat in range(ablation.repeats)
    ]


def variants_of(name):
    """A variant's changes by its name; empty for the full network and other models."""
    variants = CONFIG.ablation.variants
    return {name: variants[name]} if name in variants else {}


def unlabelled_batches():
    """Batch of the year whose tiles give unlabelled series; none without maps.

    One year only: with all of them, every year added to the map would train anew.
    """
    return [year_batch(UNLABELLED_YEAR)] if MAPPED else []


def yearly(folder):
    """Manifests of a stage whose jobs own years: maps or truth."""
    return [f"<results>/{folder}/{batch}.json" for batch in YEAR_BATCHES]


def change_maps(wildcards):
    """Manifests of the maps of all years, of which a change needs two."""
    if not CHANGED:
        raise InputError(
            "configuration",
            variable="years",
            expected="two mapped years for a change (maps and products need one)",
            found=f"{YEARS[0]} only",
        )
    return yearly("maps")


def compared_files(wildcards):
    """Files of the products that the maps are compared with."""
    if not COMPARED_FILES:
        raise InputError(
            "configuration", variable="compare", expected="a product", found="none"
        )
    return COMPARED_FILES


def place_stage(stage):
    """Manifests of a stage that has one store for each tile, whatever the years."""
    return [f"<results>/{stage}/{places}.json" for places in TILE_BATCHES]


def all_years(stage, places):
    """Manifests of a tile stage for all years of a batch of tiles."""
    return [f"<results>/{stage}/{places}.{batch}.json" for batch in YEAR_BATCHES]


def of_pair(stage, places):
    """Manifests of a tile stage for the pair of years, each once."""
    return [f"<results>/{stage}/{places}.{batch}.json" for batch in pair_batches()]


def map_targets():
    """Everything that only a run with maps has."""
    if not MAPPED:
        return []
    truth = yearly("truth") if SIMULATED else []
    changed = ["<results>/change/change.json"]
    recovered = ["<results>/recovery/recovery.csv"] if SIMULATED else []
    drivers = ["<results>/drivers/drivers.json"]
    compared = ["<results>/compare/compare.json"]
    return [
        *place_stage("departures"),
        *tile_stage("infer"),
        *place_stage("level"),
        *yearly("maps"),
        *truth,
        *(changed + recovered if CHANGED else []),
        *(drivers if WITH_DRIVERS else []),
        *(compared if WITH_COMPARED else []),
        "<results>/gates/gates.csv",
    ]


def publish_settings():
    """What a product depends on and reports: every section that a map depends on.

    Years are not among them, so that a year more publishes that year alone.
    """
    towers, evaluate = CONFIG.towers.numbers(), CONFIG.evaluate
    return {
        "run": CONFIG.run,
        "seed": CONFIG.seed,
        "source": SOURCE,
        "grid": MAP_GRID,
        **({"region": CONFIG.region} if CONFIG.region else {}),
        "planet": CONFIG.planet,
        "towers": {key: towers[key] for key in towers if key != "years"},
        "mask": CONFIG.mask,
        "samples": CONFIG.samples,
        "folds": CONFIG.folds,
        "train": CONFIG.train,
        "model": CONFIG.model,
        "infer": {"min_forest_fraction": CONFIG.infer.min_forest_fraction},
        "evaluate": {"level": evaluate.level, "min_quality": evaluate.min_quality},
        "publish": CONFIG.publish,
    }


def product_targets():
    """Files that readers open, of a run with maps."""
    if not MAPPED:
        return []
    return [*yearly("publish"), "<results>/products/collection.json"]


def requested_products(wildcards):
    """The same where somebody asks for them: a run of towers alone has none."""
    if not MAPPED:
        raise InputError(
            "configuration",
            variable="source",
            expected="one that has maps, for products (earthengine or simulated)",
            found=f"{CONFIG.layers_from}: series of towers alone",
        )
    return product_targets()


def products_folder(wildcards, output):
    """The folder to share. It holds no manifest: those are the run's own."""
    return str(Path(output.manifest).parents[1] / "products")


def upload_input(wildcards):
    """The file that is written when the products are whole."""
    if wildcards.part == "collection":
        return "<results>/products/collection.json"
    return f"<results>/publish/{wildcards.part}.json"


def upload_targets():
    """Records of what was copied to object storage; none where no address is given."""
    if not (MAPPED and CONFIG.upload.to):
        return []
    return [f"<results>/upload/{part}.json" for part in (*YEAR_BATCHES, "collection")]


def online_year():
    """The year of the expression: the one that is asked for, else the last mapped one."""
    year = CONFIG.online.year or (YEARS[-1] if YEARS else None)
    if year is None:
        raise WorkflowError(
            "configuration: online.year: expected a year, because this run maps none,"
            " found null"
        )
    return year


def run_targets():
    """Everything of a run but the final_check.

    Every intermediate is a target: after a failed job, "nothing to be done" would
    otherwise hide a stale result behind a finished one.
    """
    return [
        *towers_targets(),
        *subsets_targets(),
        *stage_targets("extract"),
        *stage_targets("cube"),
        *stage_targets("mask"),
        *handover_targets(),
        "<results>/samples/samples.json",
        *bibliography_targets(),
        *train_targets(),
        *baseline_targets(),
        "<results>/evaluate/scores.csv",
        "<results>/model/model.json",
        "<results>/explain/importance.csv",
        "<results>/model/card.md",
        *month_targets(),
        *map_targets(),
        *product_targets(),
        *upload_targets(),
        *figure_targets(),
        *column_figures(),
        "<results>/explorer.html",
        "<results>/headline.csv",
        "<results>/report.html",
    ]


def final_check_targets():
    """The gates' say over the run; a run without maps has no gates."""
    return ["<results>/gates/final_check.json"] if MAPPED else []

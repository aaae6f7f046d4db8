"""Where layers and labels come from: files, settings and columns of the product table."""

# A tile does not depend on which others are mapped.
GRID = CONFIG.grid.numbers("resolution_deg", "tile_cells")


def source_settings(places):
    """What the source reads of the configuration; towers do not depend on the grid."""
    read = {
        "files": {"folder": CONFIG.towers.folder},
        "earthengine": {"forest_only": CONFIG.earthengine.forest_only},
        "simulated": {"seed": CONFIG.seed, "planet": CONFIG.planet},
    }
    grid = {} if places == "towers" else {"grid": GRID}
    return {"source": SOURCE, "settings": read[SOURCE], **grid}


def region_manifest(wildcards):
    """The manifest of a batch of tiles' shares in the region; none where the run has none."""
    if wildcards.places == "towers" or not CONFIG.region:
        return []
    return f"<results>/region/{wildcards.places}.json"


def tower_file(*names):
    """A file of the towers' folder, the first of these that is there; none without a folder."""
    if LABELS == "simulated" or not CONFIG.towers.folder:
        return []
    files = [Path(CONFIG.towers.folder, name) for name in names]
    return str(next((file for file in files if file.is_file()), files[0]))


def fluxnet_files(kind):
    """The annual table (csv), its record (json) or the months of each site of the archive."""
    return [f"<results>/fluxnet/{site}.{kind}" for site in FLUXNET.sites]


def tower_settings(kind):
    """What the towers' `sites`, `fluxes` or `months` depend on beside their files."""
    if kind == "months":
        planet = {"seed": CONFIG.seed, "planet": CONFIG.planet}
        return {
            "simulated": planet,
            "fluxnet": CONFIG.fluxnet.numbers("skip_faulty"),
            "folder": {},
        }[LABELS]
    told = {"confirmed": CONFIG.towers.confirmed}
    if LABELS == "fluxnet" and kind == "sites":
        unknown = [str(path) for path in FLUXNET.unknown]
        return told | {
            "unknown": unknown,
            "fluxnet": CONFIG.fluxnet.numbers("classes", "skip_faulty"),
        }
    if LABELS == "simulated":
        simulated = {"seed": CONFIG.seed, "planet": CONFIG.planet}
        return {} if kind == "sites" else simulated | {"years": TOWER_YEARS}
    return told if kind == "sites" else told | {"check_sign": CONFIG.towers.check_sign}


def predictor_table():
    """The table of eight-day series of the towers' folder; with subsets it may be missing."""
    names = ("predictors_8day.parquet", "predictors_8day.csv")
    file = tower_file(*names) if SOURCE == "files" else []
    return [] if file and SUBSET_FILES and not Path(file).is_file() else file


def known_sites():
    """Tables with the towers' places that are there already, the checked one first."""
    checked = Path(folder_of("results"), "towers", "sites.csv")
    folder = CONFIG.towers.folder
    files = [checked, *([Path(folder, "sites.csv")] if folder else [])]
    return [str(file) for file in files if file.is_file()][:1]


def columns(places):
    """Columns of the product table that a place's numbers may follow, variable by variable."""
    if SOURCE == "files":
        return ["tower", "table"] if SUBSET_FILES else ["table"]
    return ["tower" if places == "towers" else MAP_COLUMN]


def products(wildcards, *parts):
    """The part of the product table that a stage reads for a job's places and years, as JSON.

    It does not say which years products cover, nor what takes over after the job's years: a
    year more must make no other one stale.
    """
    table = PRODUCTS.only(columns(wildcards.places), *parts)
    return table.without_years().in_years(*years_of(wildcards)).to_json()

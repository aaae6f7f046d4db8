"""What months of a run consist of, and what the season models depend on; no rules here."""


def season_settings():
    """What the season models depend on."""
    return {
        "season": CONFIG.fluxes.season,
        "train": CONFIG.train,
        "classical": CONFIG.baseline.models,
        "seed": CONFIG.seed,
    }


def month_shares():
    """Shares of the months of all splits."""
    return [f"<results>/months/shares.{split}.csv" for split in RUN_SPLITS]


def month_targets():
    """The season beside the trained model and its skill; none where no months are asked for."""
    if not MONTHS:
        return []
    maps = ["month_maps", "publish_months"] if MAPPED else []
    maps += ["upload_months"] if MAPPED and CONFIG.upload.to else []
    return [
        "<results>/towers/site_months.csv",
        "<results>/model/season.json",
        "<results>/months/scores.csv",
        *(tile_stage("seasons") if MAPPED else []),
        *(manifest for stage in maps for manifest in yearly(stage)),
        *(["<results>/months/zones.csv"] if MAPPED else []),
        *(["<results>/months/region_months.csv"] if MAPPED else []),
        *(["<results>/months/recovery.csv"] if MAPPED and SIMULATED else []),
    ]

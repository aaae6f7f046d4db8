"""Products that hand over to a successor within the run, printed at planning; no rules here."""

try:
    # Each variable with a handover, and the year in which both products are compared.
    SHARED_YEARS = (
        find_shared_years(
            PRODUCTS.column(MAP_COLUMN), [*YEARS, *TOWER_YEARS], today=TODAY
        )
        if MAPPED
        else {}
    )
    for found in list_handovers(PRODUCTS.column(MAP_COLUMN), SHARED_YEARS):
        logger.info(found.line)
except InputError as error:
    raise WorkflowError(str(error))


def handover_parts():
    """The table of each job: of the towers and of each batch of tiles."""
    return [f"<results>/handover/{places}.csv" for places in ("towers", *TILE_BATCHES)]


def handover_targets():
    """The table of all places; none where no successor takes over within the run."""
    return ["<results>/handover/handover.csv"] if SHARED_YEARS else []


def handover_products(wildcards):
    """Products and successors of the variables with a handover, and land cover, as JSON."""
    table = PRODUCTS.only(columns(wildcards.places), "cube", "mask").without_years()
    return table.choose([*SHARED_YEARS, LAND_COVER]).to_json()

"""What a run on Earth Engine has to have before its first job; no rules here."""

if SOURCE == "earthengine":
    from forestflux.sources.earthengine.coverage import check_run

    try:
        check_run(
            PRODUCTS,
            tiles=[Grid(**MAP_GRID.model_dump()).tile(name) for name in TILES],
            years=YEARS,
            tower_years=TOWER_YEARS,
            today=TODAY,
        )
    except InputError as error:
        raise WorkflowError(str(error))


def require_account():
    """Stop before the first job when Earth Engine would be asked without an account."""
    names = {job.rule.name for job in workflow.dag.needrun_jobs()}
    reads_layers = SOURCE == "earthengine" and names & {"extract", "preview"}
    if reads_layers or "online" in names:
        from forestflux.sources.earthengine.client.session import find_account

        try:
            find_account(CONFIG.earthengine)
        except InputError as error:
            raise WorkflowError(str(error))

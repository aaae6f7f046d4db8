# Tower tables, checked and in one form.
#
# needs  a folder of the user's tables, or the simulated planet
# makes  <results>/towers/sites.csv        one row per tower, with its 100 km cluster
#        <results>/towers/site_years.csv   one row per tower and year, every quality


rule tower_sites:
    input:
        tower_file("sites.csv"),
    output:
        sites="<results>/towers/sites.csv",
    log:
        "<logs>/towers/sites.log",
    conda:
        "../../envs/data.yaml"
    params:
        settings=settings(labels=LABELS),
        code=code("tower_sites.py"),
    message:
        "Checking the tower table"
    shell:
        'python "$SCRIPTS"/tower_sites.py'
        " --table {input:q}"
        " --settings {params.settings:q}"
        " --output {output.sites:q}"
        " --log {log:q}"


rule tower_fluxes:
    input:
        sites="<results>/towers/sites.csv",
        table=tower_file("site_years.csv"),
    output:
        site_years="<results>/towers/site_years.csv",
    log:
        "<logs>/towers/site_years.log",
    conda:
        "../../envs/data.yaml"
    params:
        settings=settings(
            labels=LABELS,
            **(
                {"check_sign": config["towers"]["check_sign"]}
                if LABELS == "folder"
                else {
                    "seed": config["seed"],
                    "planet": config["planet"],
                    "years": TOWER_YEARS,
                }
            ),
        ),
        code=code("tower_fluxes.py"),
    message:
        "Checking the annual fluxes of the towers"
    shell:
        'python "$SCRIPTS"/tower_fluxes.py'
        " --sites {input.sites:q}"
        " --table {input.table:q}"
        " --settings {params.settings:q}"
        " --output {output.site_years:q}"
        " --log {log:q}"

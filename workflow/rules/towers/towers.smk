# Tower tables, checked and in one form.
#
# needs  the sites of an archive, a folder of the user's tables, or the simulated planet
# makes  <results>/towers/sites.csv        one row per tower, with its 100 km cluster
#        <results>/towers/site_years.csv   one row per tower and year, every quality
#        <results>/towers/citations.csv    how each tower asks to be cited, its data policy
#        <results>/towers/left_out.csv     sites and years of an archive that leave, and why
#        <results>/towers/site_months.csv  with `fluxes.months`: a row per tower, year and month
#        <results>/towers/left_out_months.csv  years of an archive that have no months, and why


rule tower_sites:
    input:
        table=fluxnet_files("json") or tower_file("sites.csv"),
        # A function, because Snakemake would fill in braces in the names of a list.
        information=lambda wildcards: FLUXNET.information,
    output:
        sites="<results>/towers/sites.csv",
        citations="<results>/towers/citations.csv",
        left_out="<results>/towers/left_out.csv",
    log:
        "<logs>/towers/sites.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(labels=LABELS, **tower_settings("sites")),
        code=code("towers.tower_sites"),
    message:
        "Checking the tower table"
    shell:
        'python "$SCRIPTS"/towers/tower_sites.py'
        " --table {input.table:q}"
        " --information {input.information:q}"
        " --settings {params.settings:q}"
        " --sites {output.sites:q}"
        " --citations {output.citations:q}"
        " --left-out {output.left_out:q}"
        " --log {log:q}"


rule tower_fluxes:
    input:
        sites="<results>/towers/sites.csv",
        table=fluxnet_files("csv") or tower_file("site_years.csv"),
    output:
        site_years="<results>/towers/site_years.csv",
    log:
        "<logs>/towers/site_years.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(labels=LABELS, **tower_settings("fluxes")),
        code=code("towers.tower_fluxes"),
    message:
        "Checking the annual fluxes of the towers"
    shell:
        'python "$SCRIPTS"/towers/tower_fluxes.py'
        " --sites {input.sites:q}"
        " --table {input.table:q}"
        " --settings {params.settings:q}"
        " --output {output.site_years:q}"
        " --log {log:q}"


rule tower_months:
    input:
        sites="<results>/towers/sites.csv",
        site_years="<results>/towers/site_years.csv",
        table=fluxnet_files("months.csv") or tower_file("site_months.csv"),
    output:
        months="<results>/towers/site_months.csv",
        left_out="<results>/towers/left_out_months.csv",
    log:
        "<logs>/towers/site_months.log",
    conda:
        "../../../envs/data.yaml"
    params:
        settings=settings(labels=LABELS, **tower_settings("months")),
        code=code("towers.tower_months"),
    message:
        "Checking the monthly fluxes of the towers"
    shell:
        'python "$SCRIPTS"/towers/tower_months.py'
        " --sites {input.sites:q}"
        " --site-years {input.site_years:q}"
        " --table {input.table:q}"
        " --settings {params.settings:q}"
        " --output {output.months:q}"
        " --left-out {output.left_out:q}"
        " --log {log:q}"

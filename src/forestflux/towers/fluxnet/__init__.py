"""FLUXNET files as they are downloaded: annual and monthly fluxes, facts of sites, citations.

A folder is listed by the names of its files (`file_names`). One site after the other is
read (`site_reader`): files in a zip or unpacked (`packed_files`), one release of them and
its coarsest table (`releases`), columns (`flux_columns`), time stamps (`periods`), sums
(`period_sums`), the site's annual table (`annual_table`) and, if asked for, its monthly one
(`monthly_table`), and what is known of the site (`site_information`, `workbook`).
`fluxnet_towers` puts all sites together, `fluxnet_months` their months.
"""

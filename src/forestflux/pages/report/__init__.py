"""The report: one page that explains a run and works offline.

`report_page` puts the sections together.
"""

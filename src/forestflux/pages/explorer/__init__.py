"""The explorer: a map to explore in a browser, one file that loads nothing.

`page_data` collects what is shown, and `explorer_page` writes it into the page. The styles and
scripts of the page lie in `assets`.
"""

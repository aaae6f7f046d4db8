"""The explorer: a map to explore in a browser, one file that loads nothing.

`page_data` collects what is shown, `explorer_page` writes it into the page; the styles and
scripts beside it are the page's own.
"""

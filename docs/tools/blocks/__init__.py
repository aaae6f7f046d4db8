"""Blocks of the pages, by what they tell; `page_blocks` lists them all."""

"""The figures of a paper, each from finished tables and maps only.

`figure_registry` lists them with what each reads, `drawing` draws one by the full name of its
function, `figure_style` and `world_maps` give all of them one look.
"""

"""Zarr stores: written whole and chunk by chunk, opened, checked.

In: datasets, or chunks that arrive one by one. Out: a store on disk, or one line for what is wrong
with one.
"""

"""Settings: one frozen type per section of the configuration.

Each section is a module of its own and a stage imports only the sections that it reads, so that
an edit of one section makes only its own stages stale. `configuration` puts all of them
together. Schema, reference page and checks of overlays come from these types.
"""

"""How a job is configured, run, written and checked.

Lives here: the configuration, the command line of a script, stores and their manifests,
stages that own several stores, checksums of code, small files and tables of users.
In: YAML, flags, files. Out: settings, stores on disk, one line for whatever is wrong.
May import: core. Computes nothing of forests; only the settings name what the other rooms do.
"""

"""What people write, read strictly: YAML files, values of a declared type, and plain texts.

In: files and texts of users. Out: frozen, typed values, or one line that says what is wrong.
"""

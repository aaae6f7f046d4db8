"""Pages for people: figures, report, explorer, model card, headline numbers.

In: finished tables and maps of a run. Out: PNG and PDF, HTML, Markdown. Computes no result.
May import: evaluation and below; not `publish`.
"""

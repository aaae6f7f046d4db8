"""Speed, memory and accuracy of single stages: `python -m benchmarks NAME`.

`harness` measures: every benchmark says what is measured, the harness says how. A record of
each lies in `results/NAME.json`; pages of `docs/` take their numbers from these records.
`--smallest` makes every benchmark run in a minute or so; it proves that the benchmark works,
and its numbers mean nothing.
"""

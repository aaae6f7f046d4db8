"""The command `forestflux ask`: what a finished run says of one region."""

import sys
from pathlib import Path

from forestflux.publish.product_reading import open_product


def main(
    run: Path, *, region: str, year: int | None = None, kind: str | None = None
) -> None:
    """Print what a finished run says of a region, in about twelve lines.

    RUN is the folder of the run, `results/demo`. `--region` is a country by name or ISO
    code, a continent, latitude band, forest type, a region of your file, or `all`; `--kind`
    tells them apart where two have one name. `--year` is a mapped year, the last one where
    it is not given.
    """
    answer = open_product(run, year=year).region(region, kind=kind)
    sys.stdout.write(f"{answer.text}\n")

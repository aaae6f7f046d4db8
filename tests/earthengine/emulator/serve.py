"""The server in a process of its own: planet of formulas, changed and read at `/control`.

    python -m tests.earthengine.emulator.serve --key key.json

prints its address, writes the key file of a service account that it knows, and answers until
its standard input is closed.
"""

import argparse
import sys
from pathlib import Path

from forestflux.core.product_tables.product_table import read_products
from tests.builders.paths import PRODUCTS
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.formulas import FormulaPlanet
from tests.earthengine.emulator.server import Emulator


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key", type=Path, required=True, help="key file to write")
    parser.add_argument("--products", type=Path, default=PRODUCTS, help="product table")
    parser.add_argument("--keep", choices=("none", "request", "shape"), default="none")
    parser.add_argument("--port", type=int, default=0, help="0 for any")
    arguments = parser.parse_args()
    catalogue = Catalogue(FormulaPlanet(read_products(arguments.products)))
    with Emulator(catalogue, keep=arguments.keep, port=arguments.port) as emulator:
        emulator.tokens.service_account(arguments.key)
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()

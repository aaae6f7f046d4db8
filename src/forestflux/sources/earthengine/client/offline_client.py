"""The `ee` client without a server: enough to build expressions and to compute their keys."""

from pathlib import Path

import ee
import httplib2
from google.auth.credentials import AnonymousCredentials

from forestflux.core.input_errors import InputError

ASSETS = ("documents",)  # read by `forestflux.jobs.code_checksum` as well

# What the client asks for when it starts, by a part of the address.
DOCUMENTS = {"/$discovery": "discovery.json", "/algorithms": "algorithms.json"}


def start_offline() -> None:
    """Start the client from the documents in this package; nothing is sent.

    Only the functions that our expressions call are known to it then
    (`documents/README.md`).
    """
    start_client(
        retries=0,
        credentials=AnonymousCredentials(),
        project="offline",
        http_transport=PackagedDocuments(),
    )


def start_client(*, retries: int, **arguments: object) -> None:
    """Initialise the client anew, without its list of deprecated assets.

    Parameters
    ----------
    retries : how often the client itself asks again while it starts
    arguments : of `ee.Initialize`
    """
    ee.Reset()
    ee.data.setMaxRetries(retries)  # `ee.Reset` has set it to the client's own default
    # The client downloads this list from a host of its own, which `earthengine.url` does
    # not change and which has no deadline: behind a firewall it would wait for minutes.
    # The list serves warnings only, and a list that is not empty is not asked for again.
    placeholder = ee.deprecation.DeprecatedAsset("", None, None, None)
    ee.deprecation.deprecated_assets = {"": placeholder}
    ee.Initialize(**arguments)


class PackagedDocuments:
    """Answers what the client asks when it starts, in place of a connection."""

    def request(
        self, uri: str, *_: object, **__: object
    ) -> tuple[httplib2.Response, bytes]:
        """The document that belongs to an address.

        Raises
        ------
        InputError : the client asks for anything else, which only a server knows
        """
        for part, name in DOCUMENTS.items():
            if part in uri:
                path = Path(__file__).parent / ASSETS[0] / name
                return httplib2.Response({"status": 200}), path.read_bytes()
        raise InputError(
            "Earth Engine",
            variable="offline client",
            expected="expressions only, for which its documents are enough",
            found=f"a request to {uri}",
        )

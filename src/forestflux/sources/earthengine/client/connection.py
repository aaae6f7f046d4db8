"""The connection below the `ee` client: deadline, pool of connections, quota notices.

The client takes it as its parameter `http_transport`. The client's own transport keeps only
ten connections open and shows the server's quota notice as a Python warning, which no
program can act on.
"""

import threading
import time
from collections.abc import Mapping

import httplib2
import requests
from requests.adapters import HTTPAdapter, ReadTimeoutError

QUOTA_NOTICE = "x-earth-engine-quota-status"
CONNECT_S = 20.0
CHUNK_BYTES = 1 << 18


class Connection:
    """What the client uses in place of `httplib2.Http`.

    Parameters
    ----------
    deadline_s : seconds within which the whole answer must have arrived
    connections : connections that are kept open
    """

    def __init__(self, *, deadline_s: float, connections: int) -> None:
        """Nothing is opened yet."""
        self.deadline_s = deadline_s
        self.session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=connections)
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, adapter)
        self.local = threading.local()

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[httplib2.Response, bytes]:
        """Send a request and wait for the whole answer.

        Raises
        ------
        TimeoutError : the deadline passed before the last byte
        ConnectionError : no connection, or it broke, or the body is cut short or garbled
        """
        end = time.monotonic() + self.deadline_s
        self.local.restricted = self.local.checksum = False
        try:
            with self.session.request(
                method,
                uri,
                data=body,
                headers=headers,
                timeout=(CONNECT_S, self.deadline_s),
                stream=True,
            ) as response:
                content = self.read_body(response, end)
        except requests.exceptions.RequestException as error:
            kind = TimeoutError if is_silence(error) else ConnectionError
            raise kind(str(error)) from error
        notice = response.headers.get(QUOTA_NOTICE, "")
        self.local.restricted = "parallelism_restricted=true" in notice
        encoding = response.headers.get("Content-Encoding", "")
        self.local.checksum = uri.startswith("https://") or encoding == "gzip"
        answer = {name.lower(): value for name, value in response.headers.items()}
        # The client would repeat the notice as a Python warning for each answer.
        answer.pop(QUOTA_NOTICE, None)
        # `requests` has decoded the body; with this header the client would do it again.
        answer.pop("content-encoding", None)
        answer["status"] = str(response.status_code)
        return httplib2.Response(answer), content

    def read_body(self, response: requests.Response, end: float) -> bytes:
        """The body, decoded.

        Parameters
        ----------
        end : monotonic time of the deadline, which `requests` sets for single reads only
        """
        chunks = []
        for chunk in response.iter_content(CHUNK_BYTES):
            chunks.append(chunk)
            if time.monotonic() > end:
                raise TimeoutError(f"no whole answer within {self.deadline_s:g} s")
        return b"".join(chunks)

    def has_checksum(self) -> bool:
        """Whether a byte that changed on the way would have shown in this thread's last answer.

        TLS and gzip carry checksums. Plain numbers over plain HTTP do not.
        """
        return getattr(self.local, "checksum", False)

    def is_restricted(self) -> bool:
        """Whether the last answer to this thread said that the project is restricted."""
        return getattr(self.local, "restricted", False)


def is_silence(error: requests.exceptions.RequestException) -> bool:
    """Whether a server that was reached did not answer in time.

    `requests` calls silence in the middle of a body a lost connection.
    """
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return False
    reason = error.args[0] if error.args else None
    late = (requests.exceptions.Timeout, ReadTimeoutError)
    return isinstance(error, late) or isinstance(reason, late)

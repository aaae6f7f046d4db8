"""The connection below the `ee` client: deadline, pool of connections, quota notices.

It is handed to the client as its own parameter `http_transport`; the client's default
has a pool of ten connections and shows the server's quota notice as a warning only.
"""

import threading
import time
from collections.abc import Mapping

import httplib2
import requests
from requests.adapters import HTTPAdapter

QUOTA_NOTICE = "x-earth-engine-quota-status"
CONNECT_S = 20.0
CHUNK = 1 << 18


class Http:
    """What the client uses as `httplib2.Http`.

    Parameters
    ----------
    deadline_s : seconds after which a request counts as timed out, answer included
    connections : connections that are kept open
    """

    def __init__(self, *, deadline_s: float, connections: int) -> None:
        """Open nothing yet."""
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
        headers: Mapping | None = None,
        **_: object,
    ) -> tuple[httplib2.Response, bytes]:
        """Send a request and wait for the whole answer.

        Raises
        ------
        TimeoutError : the deadline passed before the last byte
        ConnectionError : the connection broke, or the body is cut short or garbled
        """
        end = time.monotonic() + self.deadline_s
        self.local.restricted = False
        try:
            with self.session.request(
                method,
                uri,
                data=body,
                headers=headers,
                timeout=(CONNECT_S, self.deadline_s),
                stream=True,
            ) as response:
                content = self.read(response, end)
        except requests.exceptions.Timeout as error:
            raise TimeoutError(str(error)) from error
        except requests.exceptions.RequestException as error:
            raise ConnectionError(str(error)) from error
        notice = response.headers.get(QUOTA_NOTICE, "")
        self.local.restricted = "parallelism_restricted=true" in notice
        answered = {name.lower(): value for name, value in response.headers.items()}
        # The client would repeat the notice as a Python warning for each answer.
        answered.pop(QUOTA_NOTICE, None)
        # The body is decoded already.
        answered.pop("content-encoding", None)
        answered["status"] = str(response.status_code)
        return httplib2.Response(answered), content

    def read(self, response: requests.Response, end: float) -> bytes:
        """The body, decoded; `end` is the monotonic time of the deadline."""
        parts = []
        for part in response.iter_content(CHUNK):
            parts.append(part)
            if time.monotonic() > end:
                raise TimeoutError(f"no whole answer within {self.deadline_s:g} s")
        return b"".join(parts)

    def restricted(self) -> bool:
        """Whether the last answer to this thread said that the project is restricted."""
        return getattr(self.local, "restricted", False)

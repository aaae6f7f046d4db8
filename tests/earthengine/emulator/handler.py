"""HTTP: paths, tokens, headers, and the faults of the transport."""

import gzip
import json
import re
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from importlib import resources
from urllib.parse import parse_qs, urlsplit

from tests.earthengine.emulator.answers import COMPUTATIONS, Answer
from tests.earthengine.emulator.archives.catalogue import described
from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.exports import take_export
from tests.earthengine.emulator.faults import Fault
from tests.earthengine.emulator.graph import algorithm_list

MAX_PAYLOAD = 10 * 2**20
PUBLIC = "projects/earthengine-public/assets/"
RESTRICTED = ("X-Earth-Engine-Quota-Status", "parallelism_restricted=true")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Answers are written in one go; waiting for more to send would cost 40 ms each.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; the book says it all."""

    def do_GET(self) -> None:
        """Documents and lists of assets."""
        self.answer(self.get)

    def do_POST(self) -> None:
        """Tokens and computations."""
        self.answer(self.post)

    def answer(self, act) -> None:
        """Act, and send as an error what is refused."""
        length = int(self.headers.get("Content-Length") or 0)
        with suppress(ConnectionError):
            self.content = self.rfile.read(length)
            if len(self.content) < length:  # whoever asked was killed while asking
                self.close_connection = True
                return
            try:
                act(urlsplit(self.path))
            except Refused as error:
                self.refuse(error)
            except ConnectionError:
                raise
            except Exception:
                self.defect(traceback.format_exc())

    def refuse(self, error: Refused) -> None:
        """Send an error, and close the record if it was a computation's."""
        emulator, number = self.server.emulator, getattr(error, "number", None)
        if number is not None:
            emulator.leave(number, error.status)
        self.send(as_answer(error.body()), status=error.status)
        if number is not None:
            emulator.close(number)

    def defect(self, trace: str) -> None:
        """Keep a defect of the emulator for the test, and answer so that nobody retries."""
        self.server.emulator.defects.append(trace)
        last = trace.strip().splitlines()[-1]
        self.send(
            as_answer(Refused(f"Defect of the emulator: {last}").body()), status=400
        )

    def get(self, url) -> None:
        """Answer a GET."""
        emulator, path = self.server.emulator, url.path
        if path == "/$discovery/rest":
            return self.send(Answer(discovery(emulator.url), "application/json"))
        if path == "/control":
            return self.send(as_answer(emulator.summary()))
        emulator.tokens.check(self.headers.get("Authorization"))
        path = path.removeprefix("/v1/")
        if path.endswith("/algorithms"):
            emulator.check_project(path.split("/")[1])
            answer = Answer(algorithms_body(), "application/json")
            acting = emulator.fault(url.path, "", {}, 0)
            return self.send(answer, spoil=acting.spoil if acting else bytes)
        if not path.startswith(PUBLIC):
            raise Refused(f"The emulator has no path {url.path}.", 404)
        id, _, verb = path.removeprefix(PUBLIC).partition(":")
        if verb in ("listAssets", "listImages"):
            key = "assets" if verb == "listAssets" else "images"
            return self.send(as_answer(self.listed(id, key, parse_qs(url.query))))
        return self.send(as_answer(emulator.catalogue.asset(id)))

    def listed(self, id: str, key: str, query: dict) -> dict:
        """A page of the images of a collection."""
        images = self.server.emulator.catalogue.collection(id).images
        first = int(query.get("pageToken", ["0"])[0])
        last = first + int(query.get("pageSize", ["1000"])[0])
        page = {key: [described(image) for image in images[first:last]]}
        return page | ({"nextPageToken": str(last)} if last < len(images) else {})

    def post(self, url) -> None:
        """Answer a POST."""
        emulator = self.server.emulator
        if url.path == "/token":
            status, body = emulator.tokens.give(self.content.decode())
            return self.send(as_answer(body), status=status)
        if url.path == "/control":
            emulator.control(json.loads(self.content))
            return self.send(as_answer({}))
        emulator.tokens.check(self.headers.get("Authorization"))
        export = re.fullmatch("/v1/projects/([^/]+)/image:export", url.path)
        if export is not None:
            emulator.check_project(export[1])
            emulator.exports.append(as_sent(self.content))
            task = take_export(export[1], emulator.exports[-1], len(emulator.exports))
            return self.send(as_answer(task))
        found = re.fullmatch(
            f"/v1/projects/([^/]+)/({'|'.join(COMPUTATIONS)})", url.path
        )
        if found is None:
            raise Refused(f"The emulator has no path {url.path}.")
        if len(self.content) > MAX_PAYLOAD:
            raise Refused(
                f"Request payload size exceeds the limit: {MAX_PAYLOAD} bytes."
            )
        number, answer, fault = emulator.compute(
            found[2], found[1], as_sent(self.content)
        )
        return self.deliver(number, answer, fault)

    def deliver(self, number: int, answer: Answer, acting: Fault | None) -> None:
        """Send an answer whole, or as a fault of the transport wants it."""
        emulator, fault = self.server.emulator, acting.kind if acting else ""
        finished = fault in ("", "restricted")
        if fault == "silent":
            emulator.closing.wait()
        emulator.leave(
            number, {"silent": 0, "dropped": 0, "expired": 401}.get(fault, 200)
        )
        try:
            if fault in ("silent", "dropped"):
                self.drop()
            elif fault in ("cut", "stalled"):
                self.cut(answer, stalled=fault == "stalled")
            elif fault == "expired":
                self.expire()
            elif fault == "corrupt":
                packed = bytearray(gzip.compress(answer.body))
                middle = slice(len(packed) // 2, len(packed) // 2 + 64)
                packed[middle] = bytes(255 - byte for byte in packed[middle])
                self.send(
                    Answer(bytes(packed), answer.media),
                    headers=[("Content-Encoding", "gzip")],
                )
            elif fault == "garbled":
                self.send(Answer(bytes(len(answer.body)), answer.media))
            elif fault in ("changed", "shortened"):
                self.send(answer, pack=True, spoil=acting.spoil)
            else:
                assert fault in ("", "restricted"), f"no such fault: {fault}"
                self.send(answer, headers=[RESTRICTED] if fault else [], pack=True)
        except ConnectionError:
            finished = False
        emulator.close(number, finished=finished, bytes=len(answer.body))

    def send(
        self,
        answer: Answer,
        *,
        status: int = 200,
        headers: list = (),
        pack: bool = False,
        spoil: Callable[[bytes], bytes] = bytes,
    ) -> None:
        """Send an answer whole, compressed where it is asked for.

        Parameters
        ----------
        spoil : makes other bytes of those that are sent
        """
        body = answer.body
        # Level 1: the time of the server is the time of the test.
        taken = "gzip" in self.headers.get("Accept-Encoding", "")
        if pack and taken and self.server.emulator.pack:
            body, headers = (
                gzip.compress(body, 1),
                [*headers, ("Content-Encoding", "gzip")],
            )
        body = spoil(body)
        self.send_response(status)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def expire(self) -> None:
        """Say that the token is not valid any more, and mean it."""
        emulator = self.server.emulator
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        emulator.tokens.valid.discard(token)
        body = Refused("Request had invalid authentication credentials.", 401).body()
        self.send(as_answer(body), status=401)

    def cut(self, answer: Answer, *, stalled: bool) -> None:
        """Announce the whole body, send half of it and close, or wait for ever first."""
        self.send_response(200)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2])
        self.wfile.flush()
        if stalled:
            self.server.emulator.closing.wait()
        self.drop()

    def drop(self) -> None:
        """Close the connection at once."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def as_sent(content: bytes) -> dict:
    """The JSON of a request.

    Raises
    ------
    Refused : no JSON; `NaN` and `Infinity`, which Python writes, are none
    """

    def refuse(name: str) -> None:
        raise Refused(f"Invalid JSON payload received. Unexpected token '{name}'.")

    try:
        return json.loads(content, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise Refused(f"Invalid JSON payload received. {error}") from error


def as_answer(body: dict) -> Answer:
    """A dictionary as JSON."""
    return Answer(json.dumps(body).encode(), "application/json; charset=UTF-8")


@lru_cache(maxsize=8)
def discovery(url: str) -> bytes:
    """The API's description from the client's wheel, for this server."""
    file = resources.files("ee").joinpath("tests/cloud_api_discovery_document.json")
    document = json.loads(file.read_text().replace("v1alpha", "v1"))
    # The description in the wheel is older than the workload tag of maps.
    maps = document["resources"]["projects"]["resources"]["maps"]["methods"]["create"]
    maps["parameters"]["workloadTag"] = {"location": "query", "type": "string"}
    return json.dumps(document | {"rootUrl": f"{url}/", "baseUrl": f"{url}/"}).encode()


@lru_cache(maxsize=1)
def algorithms_body() -> bytes:
    """The algorithm list as it is sent."""
    return json.dumps(algorithm_list()).encode()

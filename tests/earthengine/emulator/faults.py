"""Faults that the server stages, each of which tells on which requests it acts."""

import hashlib
import threading
from dataclasses import dataclass, field

TOO_MANY = (
    "Too many concurrent aggregations: Request was rejected because the request rate or"
    " concurrency limit was exceeded."
)

# Kinds that answer with an error of Earth Engine: message, status, reason.
ERRORS = {
    "429": (TOO_MANY, 429),
    "500": ("An internal error has occurred.", 500),
    "502": ("Bad gateway.", 502),
    "503": ("The service is currently unavailable.", 503),
    "size": (
        "Total request size (99999999 bytes) must be less than or equal to 50331648"
        " bytes.",
    ),
    "memory": ("User memory limit exceeded.",),
    "computation": ("Computation timed out.",),
    "capacity": ("Earth Engine memory capacity exceeded.", 503),
    "late": ("The request took too long.", 408),
    "daily": (
        "Quota exceeded for quota metric 'Daily EECU usage time' and limit 'Daily EECU"
        " usage time per day' of service 'earthengine.googleapis.com'.",
        429,
    ),
    "metric": ("Quota exceeded.", 403, "rateLimitExceeded", "daily_eecu_usage_time"),
    "forbidden": ("Permission denied.", 403),
    "rate": ("Rate limit exceeded.", 403, "rateLimitExceeded"),
    "missing": (
        "Image.load: Image asset 'X' not found (does not exist or caller does not have"
        " access).",
    ),
}

# Kinds that spoil the transport of a right answer, or only mark it.
TRANSPORT = (
    *("dropped", "cut", "corrupt", "garbled", "changed", "shortened"),
    *("silent", "stalled", "restricted", "expired"),
)
KINDS = (*ERRORS, *TRANSPORT)


@dataclass
class Fault:
    """One kind of fault and the requests on which it acts.

    Attributes
    ----------
    kind : one of `KINDS`. `dropped` closes the connection without an answer, `cut` in the
        middle of the body, `corrupt` breaks compressed bytes and keeps their number,
        `garbled` sends other bytes of the right number, `changed` another byte at `place`,
        `shortened` the bytes before `place` and no more, `silent` never answers,
        `stalled` stops in the middle of the body without closing the connection,
        `restricted` answers rightly with the notice of restricted parallelism, `expired`
        says that the token is not valid
    count : acts at most so often, None for ever
    share : acts on this share of the attempts, drawn from the seed, the request and the
        number of the attempt, so that neither threads nor processes change the draw
    seed : of the draw
    containing : acts only on requests whose text contains this
    path : acts only on paths that end with this
    larger_than : acts only on answers of more pixels than this
    place, flip : byte of what is sent, compressed or not, that is not the right one, and
        the bits of it that are others
    """

    kind: str
    count: int | None = None
    share: float = 1.0
    seed: int = 0
    containing: str = ""
    path: str = "image:computePixels"
    larger_than: int = 0
    place: int = 0
    flip: int = 1
    acted: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        """Refuse an unknown kind."""
        if self.kind not in KINDS:
            raise ValueError(f"no fault of the kind {self.kind!r}")

    def acts(self, path: str, text: str, *, attempt: int, pixels: int) -> bool:
        """Whether it acts on this attempt; counts it if so."""
        if not path.endswith(self.path) or self.containing not in text:
            return False
        if pixels <= self.larger_than or self.draw(text, attempt) >= self.share:
            return False
        with self.lock:
            if self.count is not None and self.acted >= self.count:
                return False
            self.acted += 1
            return True

    def spoil(self, body: bytes) -> bytes:
        """The bytes that leave in place of the right ones."""
        if self.kind == "shortened":
            return body[: self.place]
        spoilt = bytearray(body)
        spoilt[self.place % len(body)] ^= self.flip
        return bytes(spoilt)

    def draw(self, text: str, attempt: int) -> float:
        """A number from 0 to 1 that belongs to this attempt."""
        key = f"{self.seed}/{self.kind}/{attempt}/{text}"
        checksum = hashlib.sha256(key.encode()).digest()
        return int.from_bytes(checksum[:8], "big") / 2**64


def five_ways(share: float, *, seed: int = 0) -> list[Fault]:
    """Five faults that together hit this share of all attempts at pixels."""
    kinds = ("429", "503", "dropped", "cut", "garbled")
    # Each acts on what those before it left.
    return [
        Fault(kind, share=share / 5 / (1 - share * number / 5), seed=seed)
        for number, kind in enumerate(kinds)
    ]

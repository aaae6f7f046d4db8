"""Downloads: what a job lacks is brought into the cache, many requests at a time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client import session
from forestflux.sources.earthengine.client.answer_cache import Cache
from forestflux.sources.earthengine.client.connection import Http
from forestflux.sources.earthengine.client.in_flight import Memory, Slots
from forestflux.sources.earthengine.client.offline_client import start_offline
from forestflux.sources.earthengine.client.progress import Progress
from forestflux.sources.earthengine.client.transport import Transport, is_cached
from forestflux.sources.earthengine.request import Request, fit


class Downloads:
    """The way to the server, opened when the first request has to be sent.

    Parameters
    ----------
    settings : section `earthengine` of the configuration
    """

    def __init__(self, settings: Mapping) -> None:
        """Start the client offline, which is enough to know what is cached."""
        self.settings = settings
        folder = Path(settings["cache"])
        self.cache, self.slots = Cache(folder / "answers"), folder / "slots"
        self.http: Http | None = None
        start_offline()

    def fetch_days(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Bring the image times of collections and years into the cache."""
        missing = [
            pair
            for pair in dict.fromkeys(wanted)
            if not self.cache.has(expressions.key_of_days(*pair))
        ]
        self.run(missing, lambda way, pair: way.fetch_days(*pair))

    def fetch(self, requests: Iterable[Request]) -> None:
        """Bring the pixels of requests into the cache, each once."""
        fitting = (part for request in requests for part in fit(request))
        unique = list({expressions.key_of(part): part for part in fitting}.values())
        missing = [r for r in unique if not is_cached(r, self.cache)]
        self.run(missing, Transport.fetch, cached=len(unique) - len(missing))

    def run(
        self,
        work: Sequence,
        step: Callable[[Transport, object], None],
        *,
        cached: int = 0,
    ) -> None:
        """Do a step for each item, `in_flight` at a time.

        The first error stops the rest; what is on its way then still arrives in the
        cache.
        """
        if not work:
            return
        if self.http is None:
            self.http = session.connect(self.settings)
        settings = self.settings
        progress = Progress(total=len(work) + cached, cached=cached)
        way = Transport(
            http=self.http,
            cache=self.cache,
            slots=Slots(self.slots, settings["in_flight"]),
            memory=Memory(settings["memory_mib"] * 2**20),
            progress=progress,
            attempts=settings["attempts"],
            tag=settings["workload_tag"],
        )
        pool = ThreadPoolExecutor(settings["in_flight"])
        try:
            futures = [pool.submit(step, way, item) for item in work]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)
            progress.close()
        for future in done:
            future.result()

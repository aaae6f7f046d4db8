"""Downloads: what a job lacks is brought into the cache, many requests at a time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.answer_cache import AnswerCache
from forestflux.sources.earthengine.client.connection import Connection
from forestflux.sources.earthengine.client.in_flight import MemoryBudget, Slots
from forestflux.sources.earthengine.client.offline_client import start_offline
from forestflux.sources.earthengine.client.progress import Progress
from forestflux.sources.earthengine.client.request_parts import is_cached
from forestflux.sources.earthengine.client.session import connect
from forestflux.sources.earthengine.client.transport import Transport
from forestflux.sources.earthengine.request import Request, fit

Item = TypeVar("Item")


class Downloads:
    """The way to the server, which is opened when the first request has to be sent.

    Parameters
    ----------
    settings : section `earthengine` of the configuration
    """

    def __init__(self, settings: EarthEngineSettings) -> None:
        """Start the client offline, which is enough to know what is cached."""
        self.settings = settings
        folder = Path(settings.cache)
        self.cache, self.slots_folder = (
            AnswerCache(folder / "answers"),
            folder / "slots",
        )
        self.connection: Connection | None = None
        start_offline()

    def fetch_days(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Bring the image times of collections and years into the cache."""
        missing = [
            pair
            for pair in dict.fromkeys(wanted)
            if not self.cache.has(expressions.key_of_days(*pair))
        ]
        self.run_all(missing, lambda transport, pair: transport.fetch_days(*pair))

    def fetch(self, requests: Iterable[Request]) -> None:
        """Bring the pixels of requests into the cache, each once."""
        fitting = (part for request in requests for part in fit(request))
        unique = list({expressions.key_of(part): part for part in fitting}.values())
        missing = [r for r in unique if not is_cached(r, self.cache)]
        self.run_all(missing, Transport.fetch, cached=len(unique) - len(missing))

    def run_all(
        self,
        items: Sequence[Item],
        step: Callable[[Transport, Item], None],
        *,
        cached: int = 0,
    ) -> None:
        """Do a step for each item, `in_flight` at a time.

        The first error stops the rest. Requests that are under way at that moment still
        arrive in the cache.

        Parameters
        ----------
        cached : items that needed no step, for the progress line
        """
        if not items:
            return
        if self.connection is None:
            self.connection = connect(self.settings)
        settings = self.settings
        progress = Progress(total=len(items) + cached, cached=cached)
        transport = Transport(
            connection=self.connection,
            cache=self.cache,
            slots=Slots(self.slots_folder, settings.in_flight),
            memory=MemoryBudget(settings.memory_mib * 2**20),
            progress=progress,
            attempts=settings.attempts,
            tag=settings.workload_tag,
        )
        pool = ThreadPoolExecutor(settings.in_flight)
        try:
            futures = [pool.submit(step, transport, item) for item in items]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)
            progress.close()
        for future in done:
            future.result()

"""Dask: an executor over the processes of a local cluster, or over machines."""

import logging
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from .pool import interrupts_held

LOCAL = "local"
DEATHS = 10  # of workers on the same chunk, before it is the chunk that is to blame
SECONDS = 10  # to find a scheduler in


@contextmanager
def executor(address: str = LOCAL, workers: int | None = None) -> Iterator[tuple[Executor, int]]:
    """An executor over the Dask cluster whose scheduler has an address, as tcp://10.0.0.5:8786, or
    over a cluster of so many processes (by default one a core) started here and ended with the
    block; and how many tasks it works on at a time.

    What a worker that dies was doing is done by another. Raises ModuleNotFoundError without the
    extra ``dask``, ConnectionError where no scheduler answers or it has no workers, and ValueError
    for an address that is none.
    """
    try:
        import dask  # an extra
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"a Dask cluster takes {error.name}, which is not installed: "
            "pip install 'dreamgen[dask]'",
            name=error.name,
        ) from None
    with (
        _quietly(),
        dask.config.set({"distributed.scheduler.allowed-failures": DEATHS}),
    ):
        started: Any = None
        client: Any = None
        try:
            if address == LOCAL:
                kind: Any = LocalCluster  # it has no types
                with interrupts_held():
                    started = kind(
                        n_workers=workers or os.cpu_count() or 1, threads_per_worker=1,
                        dashboard_address=None, silence_logs=logging.CRITICAL,
                    )  # fmt: skip
            client = _client(Client, started or address)
            threads = sum(client.nthreads().values())
            if not threads:
                raise ConnectionError(f"the scheduler at {address} has no workers; start some")
            yield client.get_executor(pure=False), threads
        finally:
            if client is not None:
                client.close()
            if started is not None:
                started.close()


def _client(kind: Any, where: Any) -> Any:
    try:
        return kind(where, timeout=SECONDS)
    except (OSError, TimeoutError) as error:
        raise ConnectionError(f"no Dask scheduler answers at {where}: {error}") from error


@contextmanager
def _quietly() -> Iterator[None]:
    """What a cluster logs of workers that come and go is for its own pages."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            log.setLevel(before)

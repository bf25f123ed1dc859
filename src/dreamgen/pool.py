"""A pool of worker processes that leaves Ctrl-C to the process that owns it, and ends with it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """Ends the worker when its owner is gone; one that was killed could not say so."""
    owner = parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)


class Pool(ProcessPoolExecutor):
    """As its base; a terminal's Ctrl-C, which reaches every process, is the owner's to answer.

    A worker would print a traceback wherever it was met, while it is still importing too. So it
    is born with the signal blocked, which it inherits, and then ignores it.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=get_context("spawn"), initializer=_begin)

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        with interrupts_held():
            return super().submit(call, *given, **named)  # starts a worker when one is wanted


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back from this thread, and for good from all that it starts in the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running  # only where signals block

    ensure_running()  # which unblocks the signal as it starts: so not within the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

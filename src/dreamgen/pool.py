"""A pool of worker processes that leaves Ctrl-C to the process that owns it."""

import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Pool(ProcessPoolExecutor):
    """As its base; a terminal's Ctrl-C, which reaches every process, is the owner's to answer.

    A worker would print a traceback wherever it was met, while it is still importing too. So it
    is born with the signal blocked, which it inherits, and then ignores it.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
        if hasattr(signal, "pthread_sigmask"):
            from multiprocessing.resource_tracker import ensure_running  # only where signals block

            ensure_running()  # which unblocks the signal as it starts: so not within submit

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        if not hasattr(signal, "pthread_sigmask"):
            return super().submit(call, *given, **named)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(call, *given, **named)  # starts a worker when one is wanted
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

"""A pool of worker processes that leaves Ctrl-C to the process that owns it, and ends with it.

Results come back as files, and only their names through the pipe that the workers share: a worker
that is killed while it writes a long result there would leave half of it, for whose other half
`ProcessPoolExecutor` would wait for ever.
"""

import os
import pickle
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

SCRATCH = "dreamgen-"


class Pool(ProcessPoolExecutor):
    """As its base; a terminal's Ctrl-C, which reaches every process, is the owner's to answer.

    A worker would print a traceback wherever it was met, while it is still importing too. So it
    is born with the signal blocked, which it inherits, and then ignores it. The files of results
    lie in a folder `SCRATCH` + some letters, in ``folder`` or where temporary files go; if all of
    it is killed, the folder may stay.
    """

    def __init__(self, workers: int, folder: Path | None = None) -> None:
        self._folder = tempfile.mkdtemp(prefix=SCRATCH, dir=folder)
        super().__init__(
            workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(self._folder,)
        )

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        with interrupts_held():
            return _Fetched(super().submit(_left, self._folder, call, given, named))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            shutil.rmtree(self._folder, ignore_errors=True)


class _Fetched(Future[Any]):
    """A result whose file has been read, of a future of its name."""

    def __init__(self, named: Future[str]) -> None:
        super().__init__()
        self._named = named
        named.add_done_callback(self._fetch)

    def cancel(self) -> bool:
        return self._named.cancel()

    def _fetch(self, named: Future[str]) -> None:
        if named.cancelled():
            super().cancel()
            self.set_running_or_notify_cancel()
            return
        try:
            path = Path(named.result())
            result = pickle.loads(path.read_bytes())
            path.unlink()
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            self.set_exception(error)
        else:
            self.set_result(result)


def _begin(folder: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(folder,), daemon=True).start()


def _follow(folder: str) -> None:
    """Ends the worker when its owner is gone; one that was killed could not say so."""
    owner = parent_process()
    if owner is not None:
        owner.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def _left(
    folder: str, call: Callable[..., Any], given: tuple[Any, ...], named: Mapping[str, Any]
) -> str:
    """The name of a file with what a call gives."""
    result = pickle.dumps(call(*given, **named), pickle.HIGHEST_PROTOCOL)
    number, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(number, "wb") as file:
        file.write(result)
    return name


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

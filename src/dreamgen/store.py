"""One file of named arrays: written beside and moved into place, mapped into memory, checked.

The file begins with what it is, its format and a header in JSON that lists the arrays; each array
begins at a multiple of 64 bytes. Opening reads the header and the small arrays alone, so that it
takes milliseconds whatever the size; a large array is mapped, not read, so that processes share it,
and is checked as a whole when it is first asked for. Nothing is ever unpickled.
"""

import json
import mmap
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .errors import ModelFileError

FORMAT = 2
MAGIC = b"dreamgen model\n\0"
_HEAD = struct.Struct("<16sIIQ")  # magic, format, checksum of the header, its length
_ALIGN = 64
_DTYPES = frozenset({"|u1", "<u2", "<i4", "<u4", "<i8", "<u8", "<f8"})

# Arrays of at most so many bytes are checked when the file is opened.
SMALL = 1 << 20

Array = NDArray[Any]


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file that takes the place of ``path`` when the block ends well; else it leaves no trace."""
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise type(error)(error.errno, f"cannot be written: {error.strerror}", str(path)) from error
    try:
        coding = (None, None) if "b" in mode else ("utf-8", "\n")
        with os.fdopen(number, mode, encoding=coding[0], newline=coding[1]) as file:
            yield file
        with suppress(OSError):
            umask = os.umask(0)
            os.umask(umask)
            mask = (path.stat().st_mode & 0o777) if path.exists() else 0o666 & ~umask
            Path(name).chmod(mask)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def write_store(path: Path, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Writes a header and some arrays; the same of both give the same bytes."""
    rows = {
        name: {
            "dtype": array.dtype.newbyteorder("<").str,
            "shape": list(array.shape),
            "check": zlib.crc32(np.ascontiguousarray(array).view(np.uint8).reshape(-1).data),
        }
        for name, array in arrays.items()
    }
    text = json.dumps(
        {**header, "arrays": rows}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    with replacing(path, "wb") as file:
        file.write(_HEAD.pack(MAGIC, FORMAT, zlib.crc32(text), len(text)))
        file.write(text)
        for _, array in sorted(arrays.items()):
            file.write(b"\0" * (-file.tell() % _ALIGN))
            file.write(np.ascontiguousarray(array).view(np.uint8).reshape(-1).data)
        file.write(b"\0" * (-file.tell() % _ALIGN))


class Store:
    """The header and the arrays of a file; raises `ModelFileError` for one it cannot trust."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._taken: dict[str, Array] = {}
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD.size)
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError as error:
            raise ModelFileError(f"{path}: no such file") from error
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise self._foreign() from error
        if len(head) < _HEAD.size or not head.startswith(MAGIC):
            raise self._foreign()
        _, made, check, length = _HEAD.unpack(head)
        if made != FORMAT:
            if made > FORMAT:
                raise ModelFileError(f"{path}: was made by a later dreamgen; update to read it")
            raise self.damaged()
        text = self._map[_HEAD.size : _HEAD.size + length]
        if len(text) < length or zlib.crc32(text) != check:
            raise self.damaged()
        try:
            self.header: dict[str, Any] = json.loads(text)
            self._places = self._laid(self.header["arrays"], _HEAD.size + length)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self.damaged() from error
        for name, (_, size, _, _) in self._places.items():
            if size <= SMALL:
                self.array(name)

    def _foreign(self) -> ModelFileError:
        return ModelFileError(
            f"{self.path}: is no dreamgen model; make one with dreamgen train or Dreamer.save()"
        )

    def damaged(self) -> ModelFileError:
        """What to raise where the file is not as it was written."""
        return ModelFileError(f"{self.path}: is damaged; make it again with Dreamer.save()")

    def _laid(
        self, rows: Mapping[str, Any], end: int
    ) -> dict[str, tuple[int, int, np.dtype[Any], tuple[int, ...]]]:
        """Where each array lies, its bytes, dtype and shape; the last must end with the file."""
        places = {}
        for name in sorted(rows):
            start = end + -end % _ALIGN
            if any(self._map[end:start]) or rows[name]["dtype"] not in _DTYPES:
                raise self.damaged()
            dtype = np.dtype(rows[name]["dtype"])
            shape = tuple(int(side) for side in rows[name]["shape"])
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            if min(shape, default=0) < 0:
                raise self.damaged()
            places[name] = start, size, dtype, shape
            end = start + size
        final = end + -end % _ALIGN
        if final != len(self._map) or any(self._map[end:final]):
            raise self.damaged()
        return places

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def array(self, name: str) -> Array:
        """An array that cannot be written to, mapped; checked the first time."""
        if name not in self._taken:
            if name not in self._places:
                raise self.damaged()
            start, size, dtype, shape = self._places[name]
            with memoryview(self._map) as whole, whole[start : start + size] as part:
                if zlib.crc32(part) != self.header["arrays"][name].get("check"):
                    raise self.damaged()
            self._taken[name] = np.frombuffer(
                self._map, dtype, size // dtype.itemsize, start
            ).reshape(shape)
        return self._taken[name]

    def text(self, name: str) -> Any:
        """What an array of bytes holds as JSON."""
        try:
            return json.loads(self.array(name).tobytes())
        except ValueError as error:
            raise self.damaged() from error


def as_text(value: object) -> Array:
    """A value as JSON in an array of bytes; the same value gives the same bytes."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return np.frombuffer(text.encode(), np.uint8)

"""Files of rows: JSON lines, plain or compressed, and Parquet.

A job packs its rows chunk by chunk, in any process, into bytes that depend on the rows alone; a
file is made of the chunks in their order. Chunks of JSON lines follow one another as they are (so
do the members of a ``.gz`` and the frames of a ``.zst``); chunks of a Parquet file are Arrow
streams, which are encoded when all of them are there. The libraries of the compressed forms are
imported when one is used.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol

from .rows import Row
from .text import listed

# Fast above all: a level more costs as much as a tenth of a dream.
GZIP_LEVEL = 3
ZSTD_LEVEL = 3
CHUNKS_IN_A_GROUP = 16  # rows of a Parquet file are read by the group: here 4,096 of them

_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Form(Protocol):
    """How rows become a file."""

    suffix: str

    def versions(self) -> dict[str, str]:
        """The libraries that the bytes hang on. Raises ModuleNotFoundError, with the command that
        installs what is missing."""

    def packed(self, rows: Iterable[Row], columns: Sequence[str]) -> bytes:
        """The bytes of a chunk."""

    def joins(self) -> bool:
        """Whether a file is more than its chunks in their order."""

    def join(self, chunks: Iterable[bytes], file: IO[bytes], about: str) -> Iterator[int]:
        """Writes the file of all chunks, where it is more; yields the number of chunks written.
        ``about`` is kept in it as what it was made by."""


class Lines:
    """JSON lines: a row a line, in UTF-8, without spaces that mean nothing."""

    suffix = ".jsonl"

    def versions(self) -> dict[str, str]:
        """None: JSON is written alike by every Python."""
        return {}

    def packed(self, rows: Iterable[Row], columns: Sequence[str]) -> bytes:
        """The lines of some rows.

        >>> Lines().packed([{"seed": 7, "arc": "unity"}], ["seed", "arc"])
        b'{"seed":7,"arc":"unity"}\\n'
        """
        return "".join([f"{_encoded(row)}\n" for row in rows]).encode()

    def joins(self) -> bool:
        """They do not."""
        return False

    def join(self, chunks: Iterable[bytes], file: IO[bytes], about: str) -> Iterator[int]:
        """Not needed: the chunks in their order are the file."""
        raise NotImplementedError


class Gzip(Lines):
    """JSON lines, each chunk a gzip member without name or time."""

    suffix = ".jsonl.gz"

    def versions(self) -> dict[str, str]:
        """zlib's: another may find a shorter way to say the same."""
        return {"zlib": zlib.ZLIB_RUNTIME_VERSION}

    def packed(self, rows: Iterable[Row], columns: Sequence[str]) -> bytes:
        """The member of some rows."""
        with_header = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        return with_header.compress(super().packed(rows, columns)) + with_header.flush()


class Zstd(Lines):
    """JSON lines, each chunk a frame of Zstandard with its size and a checksum."""

    suffix = ".jsonl.zst"

    def versions(self) -> dict[str, str]:
        """Those of the library and of its core."""
        zstandard = _library("zstandard", "zstd", self.suffix)
        core = ".".join(map(str, zstandard.ZSTD_VERSION))
        return {"zstandard": f"{zstandard.__version__} ({core})"}

    def packed(self, rows: Iterable[Row], columns: Sequence[str]) -> bytes:
        """The frame of some rows."""
        zstandard = _library("zstandard", "zstd", self.suffix)
        frame = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
        return bytes(frame.compress(super().packed(rows, columns)))


class Parquet:
    """A Parquet file, compressed with Zstandard.

    ``motifs`` is a list of (word, paths), ``scenes`` a list of (kind, lines) and its ``lines`` a
    list of (field, text); everything else is a number or a string. ``seed`` is a number, a string
    or bytes, as it was given.
    """

    suffix = ".parquet"

    def versions(self) -> dict[str, str]:
        """pyarrow's."""
        return {"pyarrow": str(_library("pyarrow", "parquet", self.suffix).__version__)}

    def packed(self, rows: Iterable[Row], columns: Sequence[str]) -> bytes:
        """The rows as an Arrow stream."""
        pa = _library("pyarrow", "parquet", self.suffix)
        made = list(rows)
        table = pa.table({name: _array(pa, name, [row[name] for row in made]) for name in columns})
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
        with pa.ipc.new_stream(sink, table.schema, options=options) as stream:
            stream.write_table(table)
        return bytes(sink.getvalue().to_pybytes())

    def joins(self) -> bool:
        """They do: the index of a Parquet file, at its end, knows all of its parts."""
        return True

    def join(self, chunks: Iterable[bytes], file: IO[bytes], about: str) -> Iterator[int]:
        """Encodes the rows, so many chunks a group; memory holds one group."""
        pa = _library("pyarrow", "parquet", self.suffix)
        parquet = import_module("pyarrow.parquet")
        writer = None
        tables: list[Any] = []
        done = 0
        try:
            for chunk in chunks:
                tables.append(pa.ipc.open_stream(chunk).read_all())
                if writer is None:
                    schema = tables[0].schema.with_metadata({"dreamgen": about})
                    writer = parquet.ParquetWriter(
                        file, schema, compression="zstd", compression_level=ZSTD_LEVEL,
                        use_dictionary=_FEW,
                    )  # fmt: skip
                if len(tables) == CHUNKS_IN_A_GROUP:
                    done += _group(pa, writer, tables)
                    yield done
            if tables and writer is not None:
                done += _group(pa, writer, tables)
                yield done
        finally:
            if writer is not None:
                writer.close()


# The columns whose values are few: each is stored once a group.
_FEW = [
    "seed", "edition", "arc", "pronoun", "figure", "attributes.list.element",
    "motifs.list.element.word", "motifs.list.element.paths.list.element",
    "scenes.list.element.kind", "scenes.list.element.lines.list.element.field",
]  # fmt: skip


def _group(pa: Any, writer: Any, tables: list[Any]) -> int:
    """Writes some tables as one group of rows, and forgets them; their number."""
    number = len(tables)
    whole = pa.concat_tables(tables).replace_schema_metadata(writer.schema.metadata)
    tables.clear()
    if whole.num_rows:
        writer.write_table(whole, row_group_size=whole.num_rows)
    return number


def _array(pa: Any, name: str, values: Sequence[Any]) -> Any:
    """A column as an Arrow array, of the same type whatever is in it."""
    if name == "scenes":
        return _scenes(pa, values)
    if name == "motifs":
        return pa.array(
            values,
            pa.list_(pa.struct([("word", pa.string()), ("paths", pa.list_(pa.string()))])),
        )
    if name == "attributes":
        return pa.array(values, pa.list_(pa.string()))
    if name in ("index", "words", "sentences"):
        return pa.array(values, pa.int64() if name == "index" else pa.int32())
    if name == "seed" and values and isinstance(values[0], dict):
        return pa.array([bytes.fromhex(seed["hex"]) for seed in values], pa.binary())
    if name == "seed" and values and isinstance(values[0], int):
        return pa.array(values, pa.int64())
    return pa.array(values, pa.string())


def _scenes(pa: Any, values: Sequence[Any]) -> Any:
    """The scenes of some rows, laid flat: a tenth of the time of a list of dicts."""
    kinds: list[str] = []
    fields: list[str] = []
    texts: list[str] = []
    of_rows, of_scenes = [0], [0]
    for scenes in values:
        for scene in scenes:
            for field, value in scene.items():
                if field == "kind":
                    kinds.append(value)
                elif isinstance(value, str):
                    fields.append(field)
                    texts.append(value)
                else:
                    fields += [f"{field}.{place}" for place in range(len(value))]
                    texts += value
            of_scenes.append(len(texts))
        of_rows.append(len(kinds))

    def lists(ends: list[int], **columns: Any) -> Any:
        arrays = [
            pa.array(column, pa.string()) if isinstance(column, list) else column
            for column in columns.values()
        ]
        inner = pa.StructArray.from_arrays(arrays, list(columns))
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), inner)

    return lists(of_rows, kind=kinds, lines=lists(of_scenes, field=fields, text=texts))


def _library(name: str, extra: str, suffix: str) -> Any:
    """A library that one form needs, imported when it is used."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ModuleNotFoundError(
            f"a {suffix} file takes {name}, which is not installed: "
            f"pip install 'dreamgen[{extra}]', or write .jsonl or .jsonl.gz",
            name=name,
        ) from None


FORMS: tuple[Form, ...] = (Lines(), Gzip(), Zstd(), Parquet())


def form_of(path: Path) -> Form:
    """The form that the name of a file asks for; raises ValueError where it names none.

    >>> form_of(Path("dreams.jsonl.gz")).suffix
    '.jsonl.gz'
    """
    for form in FORMS:
        if path.name.lower().endswith(form.suffix) and path.name.lower() != form.suffix:
            return form
    known = listed([form.suffix for form in FORMS])
    raise ValueError(f"{path}: the name of a file of dreams ends in {known}")

"""Many dreams of one seed, on one core or on many; sharding never changes a dream."""

from collections.abc import Generator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from .request import Request
from .schema import Dream
from .seeds import Seed, fresh_seed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from .dreamer import Dreamer

CHUNK = 64


def dreams(
    dreamer: "Dreamer",
    count: int,
    *,
    seed: Seed | None,
    start: int,
    workers: "int | Executor | None",
    request: Request,
) -> Generator[Dream, None, None]:
    """Dreams ``start`` to ``start + count``, in order, made as they are asked for.

    With workers, chunks of 64 are sent out, at most four waiting for each worker, so memory does
    not grow with the count.
    """
    for name, number in (("count", count), ("start", start)):
        if not isinstance(number, int) or number < 0:
            raise ValueError(f"{name} is 0 or more, not {number!r}")
    if isinstance(workers, int) and workers < 1:
        raise ValueError(f"workers is 1 or more, or an Executor, not {workers!r}")
    chosen = fresh_seed() if seed is None else seed
    return _stream(dreamer, range(start, start + count), chosen, workers, request)


def _stream(
    dreamer: "Dreamer",
    places: range,
    seed: Seed,
    workers: "int | Executor | None",
    request: Request,
) -> Generator[Dream, None, None]:
    if workers is None or workers == 1:
        for index in places:
            yield dreamer._dream(seed, index, request)
    elif isinstance(workers, int):
        from .pool import Pool  # one process needs none of it

        with Pool(workers) as pool:
            yield from _sharded(dreamer, places, seed, pool, workers * 4, request)
    else:
        yield from _sharded(dreamer, places, seed, workers, 16, request)


def _sharded(
    dreamer: "Dreamer",
    places: range,
    seed: Seed,
    pool: "Executor",
    ahead: int,
    request: Request,
) -> Generator[Dream, None, None]:
    chunks = (places[low : low + CHUNK] for low in range(0, len(places), CHUNK))
    recipe = dreamer.recipe
    waiting = [pool.submit(_chunk, recipe, c, seed, request) for c in islice(chunks, ahead)]
    try:
        while waiting:
            done = waiting.pop(0).result()
            waiting += [pool.submit(_chunk, recipe, c, seed, request) for c in islice(chunks, 1)]
            for dream in done:
                if isinstance(dream, Dream):
                    yield dream
                else:
                    yield dreamer.schema.model_validate(dream, context=dreamer.model)
    finally:
        for future in waiting:
            future.cancel()


@lru_cache(maxsize=4)
def _dreamer(recipe: bytes) -> "Dreamer":
    """The dreamer of a recipe, made once in each process."""
    from .dreamer import Dreamer  # this module is imported by it

    return Dreamer.of_recipe(recipe)


def _chunk(
    recipe: bytes, places: range, seed: Seed, request: Request
) -> list[Dream] | list[dict[str, Any]]:
    dreamer = _dreamer(recipe)
    made = [dreamer._dream(seed, index, request) for index in places]
    if dreamer.schema is Dream:
        return made
    return [dream.model_dump() for dream in made]  # a class made at run time cannot be pickled

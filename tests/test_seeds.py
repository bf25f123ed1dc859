"""A stream is a pure function of its name: seed, index and path, and nothing else."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamgen.seeds import Stream, choice, fresh_seed, seed_key

law = settings(max_examples=60, deadline=None, derandomize=True, database=None)

seeds = st.one_of(st.integers(), st.text(max_size=8), st.binary(max_size=8))
paths = st.text(st.characters(codec="utf-8"), max_size=8)


def row(seed: int | str | bytes, index: int, path: str, count: int = 20) -> list[float]:
    return list(Stream(seed_key(seed), index, path).extend(count)[:count])


@law
@given(seeds, st.integers(0, 10**6), paths)
def test_the_same_name_gives_the_same_numbers(seed: int, index: int, path: str) -> None:
    assert row(seed, index, path) == row(seed, index, path)


def test_the_first_numbers_of_a_stream_never_change() -> None:
    golden = ["0x1.4b22e501792c0p-2", "0x1.1abd2f97771edp-1", "0x1.89e2c8fefc3eep-1"]
    assert [number.hex() for number in row(7, 0, "a", 3)] == golden


def test_the_numbers_across_two_blocks_of_a_stream_never_change() -> None:
    golden = ["0x1.2c47aed0cf52ep-1", "0x1.15c8bf65e4ccap-1", "0x1.76fa09013bea6p-1"]
    air = row("dusk", 2, "scenes.0.setting.air", 10)
    assert [number.hex() for number in air[7:]] == golden


def test_another_seed_index_or_path_gives_other_numbers() -> None:
    names: Iterator[Any] = product(
        [7, 8, -7, "7", "8", b"7", "", b""], [0, 1, 10], ["", "a", "b", "a.b", "A"]
    )
    rows = [tuple(row(*name)) for name in names]
    assert len(set(rows)) == len(rows)
    assert len({number for numbers in rows for number in numbers}) == 20 * len(rows)


def test_no_name_runs_into_another() -> None:
    names = [(1, "a"), (11, "a"), (1, "1a"), (1, "a:"), (1, "a:0"), (1, "a:1"), (1, ""), (1, ":")]
    numbers = [number for index, path in names for number in row(7, index, path, 200)]
    assert len(set(numbers)) == len(numbers)


@law
@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.booleans())
def test_a_row_is_the_same_in_whatever_order_it_is_extended(asked: list[int], read: bool) -> None:
    whole = row(7, 0, "a", 200)
    stream = Stream(seed_key(7), 0, "a")
    for count in asked:
        if read:
            assert stream[count] == whole[count]
        else:
            got = stream.extend(count)
            assert len(got) >= count
            assert got == whole[: len(got)]
    assert stream.numbers == whole[: len(stream.numbers)]


@law
@given(seeds, st.integers(0, 10**6), paths)
def test_every_number_is_in_the_unit_interval_on_a_grid_of_53_bits(
    seed: int, index: int, path: str
) -> None:
    for number in row(seed, index, path):
        assert 0.0 <= number < 1.0
        assert (number * 2**53).is_integer()


def test_the_numbers_are_spread_evenly() -> None:
    numbers = np.array(row(7, 0, "even", 64_000))
    found = np.bincount((numbers * 64).astype(int), minlength=64)
    assert ((found - 1000) ** 2 / 1000).sum() < 120  # chi squared, 63 degrees: p below 1e-5
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02


def test_the_global_generators_are_left_alone() -> None:
    python, numpy = random.getstate(), repr(np.random.get_state())  # noqa: NPY002
    row("dusk", 3, "scenes.0.setting.air", 100)
    fresh_seed()
    choice(0.5, "abc")
    assert random.getstate() == python
    assert repr(np.random.get_state()) == numpy  # noqa: NPY002


def test_the_global_generators_have_no_say() -> None:
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        first = row(7, 0, "a")
        random.seed(2)
        np.random.seed(2)  # noqa: NPY002
        assert row(7, 0, "a") == first
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def test_a_number_its_string_and_its_bytes_are_three_seeds() -> None:
    assert len({seed_key(7), seed_key("7"), seed_key(b"7")}) == 3
    assert len({seed_key("int:7"), seed_key(b"int:7"), seed_key(7), seed_key("7")}) == 4


@law
@given(seeds, seeds)
def test_two_seeds_share_a_key_only_if_they_are_one(a: int, b: int) -> None:
    same = type(a) is type(b) and a == b
    assert (seed_key(a) == seed_key(b)) == same


@pytest.mark.parametrize(
    "seed", [True, False, 1.0, 0.0, None, (1,), bytearray(b"7"), np.float64(1)]
)
def test_what_is_no_int_str_or_bytes_is_refused(seed: Any) -> None:
    for asked in (0, 1, "1", b"7"):  # equal seeds may stand in a cache
        seed_key(asked)
    with pytest.raises(TypeError):
        seed_key(seed)


def test_a_bool_is_refused_also_by_keyword_after_its_number() -> None:
    seed_key(seed=1)
    with pytest.raises(TypeError):
        seed_key(seed=True)


def test_a_fresh_seed_can_be_typed_again() -> None:
    drawn = [fresh_seed() for _ in range(20)]
    assert all(type(seed) is int and 0 <= seed < 2**53 for seed in drawn)
    assert len(set(drawn)) > 1


def test_a_choice_cuts_the_unit_interval_into_equal_parts() -> None:
    options = ["a", "b", "c", "d"]
    assert [choice(u, options) for u in (0.0, 0.2499, 0.25, 0.5, 0.75)] == list("aabcd")
    assert choice(np.nextafter(1.0, 0.0), options) == "d"
    assert all(choice(np.nextafter(1.0, 0.0), range(n)) == n - 1 for n in range(1, 200))

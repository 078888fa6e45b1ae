"""Numbers that occur more than once are found, however they are spread over parts and additions."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.ingest.key_numbers import KeyNumbers

_MOST = 2**64 - 1
_EDGES = [(part << 58) + by for part in (1, 2, 63) for by in (-1, 0, 1)]
_BORDERS = [0, 1, _MOST, _MOST - 1, *_EDGES]

numbers = st.one_of(st.sampled_from(_BORDERS), st.integers(0, _MOST))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(additions=st.lists(st.lists(numbers, max_size=20), max_size=5))
def test_what_occurs_more_than_once_is_found_once(additions: list[list[int]]) -> None:
    counted = Counter(number for each in additions for number in each)

    with TemporaryDirectory() as folder:
        keys = KeyNumbers.within(Path(folder))
        for each in additions:
            keys.add(np.array(each, np.uint64))
        found = keys.repeated().tolist()

    assert found == sorted(number for number, times in counted.items() if times > 1)


def test_each_has_its_own_folder_and_leaves_no_number_behind(tmp_path: Path) -> None:
    given_up, keys = KeyNumbers.within(tmp_path), KeyNumbers.within(tmp_path)
    for each in (given_up, keys):
        each.add(np.arange(1_000, dtype=np.uint64) << np.uint64(54))

    assert keys.repeated().size == 0
    assert [*keys.folder.iterdir()] == []
    assert [*given_up.folder.iterdir()] != []


@pytest.mark.parametrize("count", [1, 100_000])
def test_hashes_are_spread_over_the_parts_evenly(tmp_path: Path, count: int) -> None:
    drawn = np.random.default_rng(7).integers(0, 2**64, count, dtype=np.uint64)
    keys = KeyNumbers.within(tmp_path)

    keys.add(drawn)

    sizes = [file.stat().st_size for file in keys.folder.iterdir()]
    assert sum(sizes) == drawn.nbytes
    assert max(sizes) < max(2 * drawn.nbytes / 64, 9)

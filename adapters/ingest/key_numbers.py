"""The key numbers of lines, on disk: looking for equal ones needs no memory that grows with them.

Numbers are hashes, so their first bits divide them evenly; equal ones are in the same part, and the
parts are looked through one after the other. It costs what sorting all of them in memory does.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]

_PART_BITS: Final = 6
_FIRSTS: Final = np.arange(1, 1 << _PART_BITS, dtype=np.uint64) << np.uint64(64 - _PART_BITS)


@dataclass(frozen=True, slots=True)
class KeyNumbers:
    """Key numbers in the files of a folder of their own, 8 bytes each."""

    folder: Path

    @classmethod
    def within(cls, work: Path) -> "KeyNumbers":
        """Keep them in a new folder: a reading that is given up leaves its own behind."""
        return cls(Path(mkdtemp(prefix="keys-", dir=work)))

    def add(self, numbers: Numbers) -> None:
        """Add the numbers of some lines."""
        ordered = np.sort(numbers)
        with ExitStack() as files:
            for part, some in enumerate(np.split(ordered, np.searchsorted(ordered, _FIRSTS))):
                if some.size:
                    some.tofile(files.enter_context(self._part(part).open("ab")))

    def repeated(self) -> Numbers:
        """Return the numbers that occur more than once, and remove the files."""
        found = [_repeated(self._part(part)) for part in range(1 << _PART_BITS)]
        return np.concatenate(found)

    def _part(self, number: int) -> Path:
        return self.folder / str(number)


def _repeated(file: Path) -> Numbers:
    if not file.exists():
        return np.empty(0, np.uint64)
    numbers = np.fromfile(file, np.uint64)
    file.unlink()
    numbers.sort(kind="stable")  # which merges what is in order already
    return np.unique(numbers[1:][numbers[1:] == numbers[:-1]])

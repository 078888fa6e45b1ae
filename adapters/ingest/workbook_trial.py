"""A trial of workbooks in a process of its own, with limits on memory and time.

The library reads a sheet into memory whole, with every place between its first and last cell, and
ends the process if memory is short. A child finds the workbooks with which that would happen.
"""

import os
import resource
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from adapters.ingest.file_problem import FileProblem
from domain.sentence import sentence

_MOST_MEMORY: Final = 1_000_000_000
_MOST_SECONDS: Final = 10  # of a processor
_READ, _BROKEN = b"read", b"broken"
_TOO_LARGE: Final = FileProblem(
    "file_damaged",
    sentence(
        "its sheets are larger than can be read, or span too many empty cells; save it as CSV"
    ),
)
_UNREADABLE: Final = FileProblem(
    "file_damaged", sentence("it is damaged so that it cannot be read; ask its sender for it again")
)


def unreadable_workbooks(paths: Iterable[Path]) -> dict[Path, FileProblem]:
    """Find the workbooks that end or break the library; others may still be damaged."""
    problems: dict[Path, FileProblem] = {}
    left = [path for path in paths if path.name.endswith(".xlsx") and _is_archive(path)]
    while left:
        results = _try(left)
        problems |= {path: _UNREADABLE for path, each in zip(left, results) if each == _BROKEN}  # noqa: B905
        if len(results) < len(left):  # the child ended while it read the next one
            problems[left[len(results)]] = _TOO_LARGE
        left = left[len(results) + 1 :]
    return problems


def _is_archive(path: Path) -> bool:
    return os.path.isfile(path) and zipfile.is_zipfile(path)  # noqa: PTH113 no error if forbidden


def _try(paths: Sequence[Path]) -> list[bytes]:
    """Return what became of each workbook, up to the one that ended the child."""
    child = subprocess.run(
        [sys.executable, "-m", "adapters.ingest.workbook_trial"],
        input=b"\0".join(map(os.fsencode, paths)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return child.stdout.split()


def _try_each(names: bytes) -> None:
    import python_calamine  # noqa: F401 the limit applies to what workbooks need

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in names.split(b"\0"):
        signal.setitimer(signal.ITIMER_PROF, _MOST_SECONDS)  # ends this process
        sys.stdout.buffer.write(_result(os.fsdecode(name)) + b"\n")
        sys.stdout.buffer.flush()


def _result(path: str) -> bytes:
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for place, about in enumerate(workbook.sheets_metadata):
                if about.typ is not SheetTypeEnum.ChartSheet:
                    workbook.get_sheet_by_index(place)
    except MemoryError:
        os.abort()
    except Exception:  # noqa: S110 reading it will raise this again and word it
        pass
    except BaseException:
        return _BROKEN
    return _READ


if __name__ == "__main__":
    _try_each(sys.stdin.buffer.read())

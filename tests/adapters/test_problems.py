"""Who has to mend a delivery that cannot be read: its sender, or whoever runs the system."""

import errno
import gzip
import os

import pytest

from adapters.ingest.file_problem import FileProblem
from adapters.ingest.problems import DeliveryRefused, Problems
from tests.closings import month

OCTOBER = month("2026-10")


@pytest.mark.parametrize(
    ("troubles", "rule", "is_the_senders"),
    [
        ([errno.EACCES], "file_inaccessible", False),
        ([errno.ENOSPC], "file_inaccessible", False),
        ([errno.EROFS], "file_inaccessible", False),
        ([errno.EIO], "file_inaccessible", False),
        ([errno.ESTALE], "file_inaccessible", False),
        ([errno.EMFILE], "file_inaccessible", False),
        ([errno.ENOENT], "file_unreadable", True),
        ([errno.ELOOP], "file_unreadable", True),
        ([gzip.BadGzipFile("not a gzipped file")], "file_unreadable", True),
        ([FileProblem("file_damaged", "it is cut")], "file_damaged", True),
        ([errno.EIO, FileProblem("lines_absent", "there is none")], "file_inaccessible", False),
    ],
)
def test_the_sender_mends_files_and_the_operator_the_system(
    troubles: list[int | Exception], rule: str, is_the_senders: bool
) -> None:
    problems = Problems()
    for each in troubles:
        with problems.collecting("a.csv"):
            raise OSError(each, os.strerror(each)) if isinstance(each, int) else each
    with pytest.raises(DeliveryRefused) as refused:
        problems.refuse_if_any(OCTOBER, "/data/2026-10")

    assert refused.value.findings[0].rule == rule
    assert refused.value.is_the_senders is is_the_senders

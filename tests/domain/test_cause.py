"""What is recorded as who and why: one line that anybody can read."""

from datetime import UTC, datetime

import pytest

from domain.cause import Cause, NotOneLine

AT = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["a\0b", "\udcff", "a\nb", "a\rb", "a\tb", "a\x85b", "a\u2029b", "\u202ea", "a" * 501]
)
def test_a_cause_is_told_in_one_readable_line(text: str) -> None:
    for actor, reason in (("tests", text), (text, "a test")):
        with pytest.raises(NotOneLine) as refused:
            Cause(actor, reason, "tests", AT)
        str(refused.value).encode()  # a terminal can show it


@pytest.mark.parametrize("text", ["", "정산 파일 재수령", "a\u00a0b\u3000c", "👍", "a" * 500])
def test_whatever_can_be_read_may_be_a_reason(text: str) -> None:
    assert Cause("tests", text, "tests", AT).reason == text

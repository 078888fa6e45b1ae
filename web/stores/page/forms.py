"""Reading the fields of a form."""

import re
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from domain.refusal import WrongUsage
from domain.sentence import sentence

_MOST_BYTES: Final = 16_384
_MOST_FIELDS: Final = 20
_POINTS: Final = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4}")


class FormUnreadable(WrongUsage):
    """A body that is not a form of these pages."""

    def __init__(self) -> None:
        super().__init__(
            sentence("The form cannot be read. Open the page again and send it from there.")
        )


class PointsUnreadable(WrongUsage):
    """A text that is not a number of points."""

    def __init__(self) -> None:
        super().__init__(sentence("Write the points as a whole number in digits, such as 10,000."))


async def read_fields(request: Request) -> Mapping[str, str]:
    """Read the fields of a form; raises FormUnreadable."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != (
        "application/x-www-form-urlencoded"
    ):
        raise FormUnreadable
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise FormUnreadable
    return fields_of(bytes(body))


def fields_of(body: bytes) -> Mapping[str, str]:
    """Parse a form in which each field stands once; raises FormUnreadable."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise FormUnreadable from None
    if len(dict(pairs)) != len(pairs):
        raise FormUnreadable
    return dict(pairs)


def points_of(text: str) -> int:
    """Read a number of points as people write it; raises PointsUnreadable."""
    written = text.strip().removesuffix("P").rstrip()
    if not _POINTS.fullmatch(written):
        raise PointsUnreadable
    return int(written.replace(",", ""))


Fields = Annotated[Mapping[str, str], Depends(read_fields)]

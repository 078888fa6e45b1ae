"""The names of a delivery's files, and names that look like a part of it and are none."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from adapters.ingest.file_layout import SUFFIXES
from adapters.ingest.manifest import MANIFEST
from adapters.ingest.signed_manifest import SIGNATURE
from domain.columns import Content
from domain.delivery import Expected
from domain.sentence import Sentence, Word, joined, sentence

SELLER_FOLDER: Final = "seller_id="
_SUFFIX: Final = "|".join(map(re.escape, SUFFIXES))


def content_of(name: str, expected: Expected) -> Content | None:
    """Return the content of a file by its name; None if it is not one of the delivery."""
    return next((each for each in expected.contents if _pattern(each).fullmatch(name)), None)


def may_belong(name: str, expected: Expected) -> bool:
    """Return whether a file of this name has to be examined."""
    return name in (MANIFEST, SIGNATURE) or _looks_like_data(name, expected.contents)


def may_hold_rows(path: Path, expected: Expected) -> bool:
    """Return whether a file or folder that is not read may still hold rows."""
    if path.is_dir():
        return not path.name.startswith((SELLER_FOLDER, ".", "_"))
    return _looks_like_data(path.name, expected.contents)


def unrecognized(expected: Expected) -> Sentence:
    """Say what is wrong with a file that may hold rows and is not read."""
    return sentence(
        "it is not read, but may be part of the {unit}; name it {names} with one of the endings "
        "{endings}, or remove it from the folder",
        unit=Word("unit", expected.unit),
        names=joined((f"{content}…" for content in expected.contents), sentence(" or ")),
        endings=", ".join(SUFFIXES),
    )


@cache
def _pattern(content: Content) -> re.Pattern[str]:
    return re.compile(rf"{content}.*({_SUFFIX})", re.DOTALL)


def _looks_like_data(name: str, contents: tuple[Content, ...]) -> bool:
    return _data_pattern(contents).fullmatch(name) is not None


@cache
def _data_pattern(contents: tuple[Content, ...]) -> re.Pattern[str]:
    """Return the pattern of names that look like data or end like data, except checksum files."""
    return re.compile(
        rf"(?!\.|_)(({'|'.join(contents)}).*|.*\.(parquet|csv|tsv|xlsx?|zip|gz|bz2|xz|zst|part|tmp))"
        r"(?<!\.sha256)(?<!\.sha512)(?<!\.md5)(?<!\.sig)(?<!\.asc)(?<!\.crc)",
        re.IGNORECASE | re.DOTALL,
    )

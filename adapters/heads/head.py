"""A published ledger head, and the line of JSON that it is published as."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain.sentence import sentence

_LARGEST: Final = 2**63 - 1
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class NotPublished(Exception):
    """A place that does not take a head, or cannot be read; the message is a sentence without it.

    It never shows an address, which may hold a secret.
    """


class NoHead(ValueError):
    """A line that is no head."""


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """The head of the chain at an instant; `after` is the seal of the place's last one, or 0."""

    seal_no: int
    hash: str
    sealed_at: datetime
    after: int = 0

    def line(self) -> bytes:
        """Write the head as a line of JSON."""
        facts = {
            "seal_no": self.seal_no,
            "hash": self.hash,
            "sealed_at": self.sealed_at.isoformat(),
            "after": self.after,
        }
        return json.dumps(facts).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> "PublishedHead":
        """Read a head from its line; raises NoHead."""
        try:
            said = json.loads(line)
            sealed_at = datetime.fromisoformat(said["sealed_at"])
            head = cls(said["seal_no"], said["hash"], sealed_at, said["after"])
            sound = head.after >= 0 and 0 < head.seal_no <= _LARGEST and _HASH.fullmatch(head.hash)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise NoHead from error
        if not sound or {type(head.seal_no), type(head.after)} != {int}:
            raise NoHead
        return head


def is_news(head: PublishedHead, held: Sequence[PublishedHead]) -> bool:
    """Return whether a place lacks a head.

    Raises NotPublished if the place holds another hash for the same seal.
    """
    same_seal = [each for each in held if each.seal_no == head.seal_no]
    if any(each.hash != head.hash for each in same_seal):
        raise NotPublished(
            sentence(
                "it holds another head for seal {seal_no}: it belongs to another "
                "database, or the chain was written anew. Run `growth-points verify`",
                seal_no=head.seal_no,
            )
        )
    return not same_seal


def placed_after(head: PublishedHead, held: Sequence[PublishedHead]) -> PublishedHead:
    """Return the head as it follows those that a place holds."""
    return replace(head, after=held[-1].seal_no if held else 0)

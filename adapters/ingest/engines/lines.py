"""What a scan asks about a month's settlement lines, whatever reads them."""

from collections.abc import Mapping
from typing import Protocol

from adapters.ingest.questions import Check, FileCount, Frame
from adapters.ingest.scanning import Counts, OpenDelivery
from domain.profile import UnknownWord


class Lines(Protocol):
    """A month's settlement lines. Frames that are returned are tables of the embedded engine.

    `totals` is called first. `find_repeated` may run in a thread beside the other methods and the
    embedded engine; `repeated_keys` is called after it.
    """

    def totals(self) -> Frame:
        """Read every line, and sum those of each seller and line type."""
        ...

    def by_file(self, totals: Frame) -> dict[str, FileCount]:
        """Count the lines of each file, and those that break each rule if any is broken."""
        ...

    def find_repeated(self) -> None:
        """Look for lines that may have the same key."""
        ...

    def repeated_keys(self) -> Frame | None:
        """Return the keys that more than one line has; None if there are surely none."""
        ...

    def unknown_words(self, check: Check) -> tuple[UnknownWord, ...]:
        """Return the words of the column `check.shows` that break the check."""
        ...

    def refusing(self, counts: Counts, sets: Mapping[str, Frame]) -> OpenDelivery:
        """Return the delivery with at least the lines to refuse, to be read once more.

        It also has at least a few of those that break each other rule, as examples.

        `sets` has the keys of those that break rules over the whole delivery.
        """
        ...

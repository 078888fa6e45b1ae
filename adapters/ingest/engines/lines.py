"""What a scan asks about a month's settlement lines, whatever reads them."""

from typing import Protocol

from adapters.ingest.questions import FileCount, Frame


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

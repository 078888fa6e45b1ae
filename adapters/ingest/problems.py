"""Collecting all problems of a delivery's files, to report them together."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from adapters.ingest.file_problem import FileProblem
from domain.delivery import Period
from domain.findings import Finding, Severity
from domain.refusal import Refused, Unavailable
from domain.sentence import Text, joined, sentence, sentences, with_facts

_FILES_NAMED = 3
_OF_THE_MOMENT = frozenset({"store_unreachable", "store_changing"})
_OF_THE_OPERATOR = frozenset(
    {"store_refused", "store_unwritable", "store_unknown", "file_inaccessible"}
)
# What a system says of its disks, mounts and limits, and of rights to files.
_OF_THE_SYSTEM = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT),
        *(errno.EIO, errno.ESTALE, errno.EBUSY, errno.EAGAIN, errno.ETIMEDOUT, errno.EHOSTDOWN),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    }
)
_TOLD_ONCE = "column_missing"


class DeliveryRefused(Refused):
    """A delivery that cannot be read, with all its problems as findings."""

    has_an_alarm = True

    def __init__(self, period: Period, source: str, findings: tuple[Finding, ...]) -> None:
        lines = joined((joined(("  ", each.text), "") for each in findings), "\n")
        super().__init__(
            sentence(
                "the delivery of {period} in {source} cannot be read; nothing was "
                "written:\n{lines}",
                period=period,
                source=source,
                lines=lines,
            )
        )
        self.period = period
        self.source = source
        self.findings = findings

    @property
    def may_pass(self) -> bool:
        """Whether all that is wrong is the moment: the object store, or who writes to it."""
        return all(each.rule in _OF_THE_MOMENT for each in self.findings)

    @property
    def is_the_senders(self) -> bool:
        """Whether the sender has to mend it: neither the store nor the system hid any part of it.

        What they hide may be why something else is missing, such as a list of the files.
        """
        return not any(each.rule in _OF_THE_MOMENT | _OF_THE_OPERATOR for each in self.findings)


class StoreAway(Unavailable):
    """A delivery cannot be read now: its sender did nothing wrong, and nothing is refused."""


@dataclass(slots=True)
class Problems:
    """The problems of a delivery's files, in the order in which they were found."""

    _found: list[tuple[str, FileProblem]] = field(default_factory=list)

    def add(self, rule: str, name: str, text: Text) -> None:
        """Add a problem of the file or folder of that name."""
        self._found.append((name, FileProblem(rule, text)))

    @contextmanager
    def collecting(self, name: str) -> Iterator[None]:
        """Collect the FileProblem or OSError of a file instead of raising it."""
        try:
            yield
        except FileProblem as problem:
            self._found.append((name, problem))
        except OSError as error:
            self.add(
                "file_inaccessible" if error.errno in _OF_THE_SYSTEM else "file_unreadable",
                name,
                sentence("it cannot be opened ({why})", why=str(error.strerror or error)),
            )

    def refuse_if_any(self, period: Period, source: str) -> None:
        """Raise DeliveryRefused with all problems; files with the same one share a finding."""
        if not self._found:
            return
        alike: dict[object, list[tuple[str, FileProblem]]] = {}
        for name, problem in self._found:
            once = problem.rule == _TOLD_ONCE
            key = (problem.rule, str(problem.text)) if once else (name, problem)
            alike.setdefault(key, []).append((name, problem))
        raise DeliveryRefused(period, source, tuple(map(_finding, alike.values())))


def _finding(alike: Sequence[tuple[str, FileProblem]]) -> Finding:
    """Return the finding for a problem that one or several files have."""
    names = [name for name, _ in alike]
    first, problem = alike[0]
    where: Text = first if len(names) == 1 else files_named(names[:_FILES_NAMED], len(names))
    parts = [problem.text, problem.more]
    if len(names) > 1:
        of_first = sentence("as to {file}, {more}", file=first, more=problem.more)
        parts = [problem.of_each, problem.more and of_first]
    text = with_facts(sentence("{where}: {what}.", where=where, what=joined(parts)), _shown)
    return Finding(
        problem.rule, Severity.CRITICAL, text, len(names), str(with_facts(where, _shown))
    )


def files_named(names: Iterable[str], count: int) -> Text:
    """Name a few of so many files."""
    listed = ", ".join(few := list(names))
    if count == len(few):
        return listed
    return sentences(
        "{names} and {count:,} more file",
        "{names} and {count:,} more files",
        count=count - len(few),
        names=listed,
    )


def _shown(text: str) -> str:
    """Escape characters of a sender's text that cannot be shown or stored."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

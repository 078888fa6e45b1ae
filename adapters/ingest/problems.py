"""Collecting all problems of a delivery's files, to report them together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from adapters.ingest.file_problem import FileProblem
from domain.delivery import Period
from domain.findings import Finding, Severity
from domain.refusal import Refused

_FILES_NAMED = 3
_TOLD_ONCE = "column_missing"


class DeliveryRefused(Refused):
    """A delivery that cannot be read, with all its problems as findings."""

    def __init__(self, period: Period, source: str, findings: tuple[Finding, ...]) -> None:
        lines = "\n".join(f"  {finding.sentence}" for finding in findings)
        super().__init__(
            f"the delivery of {period} in {source} cannot be read; nothing was written:\n{lines}"
        )
        self.period = period
        self.source = source
        self.findings = findings


@dataclass(slots=True)
class Problems:
    """The problems of a delivery's files, in the order in which they were found."""

    _found: list[tuple[str, FileProblem]] = field(default_factory=list)

    def add(self, rule: str, name: str, sentence: str) -> None:
        """Add a problem of the file or folder of that name."""
        self._found.append((name, FileProblem(rule, sentence)))

    @contextmanager
    def collecting(self, name: str) -> Iterator[None]:
        """Collect the FileProblem or OSError of a file instead of raising it."""
        try:
            yield
        except FileProblem as problem:
            self._found.append((name, problem))
        except OSError as error:
            self.add("file_unreadable", name, f"it cannot be opened ({error.strerror or error})")

    def refuse_if_any(self, period: Period, source: str) -> None:
        """Raise DeliveryRefused with all problems; files with the same one share a finding."""
        if not self._found:
            return
        alike: dict[object, list[tuple[str, FileProblem]]] = {}
        for name, problem in self._found:
            once = problem.rule == _TOLD_ONCE
            key = (problem.rule, problem.sentence) if once else (name, problem)
            alike.setdefault(key, []).append((name, problem))
        raise DeliveryRefused(period, source, tuple(map(_finding, alike.values())))


def _finding(alike: Sequence[tuple[str, FileProblem]]) -> Finding:
    """Return the finding for a problem that one or several files have."""
    names = [name for name, _ in alike]
    first, problem = alike[0]
    if len(names) == 1:
        where, parts = first, [problem.sentence, problem.more]
    else:
        others = len(names) - _FILES_NAMED
        more = f" and {others:,} more file{'s'[: others != 1]}" if others > 0 else ""
        where = f"{', '.join(names[:_FILES_NAMED])}{more}"
        more_of_first = problem.more and f"as to {first}, {problem.more}"
        parts = [problem.sentence.replace("it has", "each has", 1), more_of_first]
    sentence = _shown(f"{where}: {'; '.join(filter(None, parts))}.")
    return Finding(problem.rule, Severity.CRITICAL, sentence, len(names), _shown(where))


def _shown(text: str) -> str:
    """Escape characters of a sender's text that cannot be shown or stored."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

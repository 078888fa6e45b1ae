"""What may be corrected of a month that was paid: a table of cases."""

import re

import pytest

from domain.corrections import (
    Case,
    Correction,
    CorrectionKind,
    EarnedInAnotherMonth,
    MonthNotPaid,
    NotOverAwarded,
    NotUnderAwarded,
    PostedCorrection,
    decide_correction,
)
from domain.ledger import Award
from domain.months import SettlementMonth

# An operator asks for points of October 2026, for one store. `10/1` is tier 1 of October, worth
# 150,000 points unless it says otherwise; tier 2 is worth 300,000. `earned` is what the newest
# data says; `posted` are the store's awards and their corrections, numbered as they were posted.
CASES = """
  October    | earned           | posted                                | asked    | outcome
  -----------+------------------+---------------------------------------+----------+--------
  open       |                  |                                       | +150,000 | refused: never closed
  closed     | 10/1             | 1 award 10/1                          | -150,000 | refused: not paid

# What the month did not pay is awarded, once, and just that.
  paid       | 10/1             |                                       | +150,000 | award 10/1
  paid       | 10/1             |                                       | +300,000 | refused: lacks 10/1
  paid       | 10/1             |                                       | +1       | refused: lacks 10/1
  paid       |                  |                                       | +150,000 | refused: lacks nothing
  paid       | 10/1             | 1 award 10/1                          | +150,000 | refused: lacks nothing
  paid       | 10/1             | 1 correction 10/1                     | +150,000 | posting 1
  paid       |                  | 1 correction 10/1                     | +150,000 | posting 1
  paid       | 10/2             | 1 award 10/1                          | +300,000 | award 10/2
  paid       | 9/1              |                                       | +150,000 | refused: lacks nothing

# A tier is given once: what another month gave, paid or not, is not missing.
  paid       | 10/1             | 1 award 11/1                          | +150,000 | refused: lacks nothing
  paid       | 10/1 11/1        | 1 correction 11/1                     | +150,000 | refused: lacks nothing
  paid       | 10/2             | 1 award 11/1                          | +300,000 | award 10/2

# What the month paid and did not earn is clawed back, once, and just that.
  paid       |                  | 1 award 10/1                          | -150,000 | clawback 10/1 undoes 1
  paid       |                  | 1 award 10/1                          | -149,999 | refused: over 10/1
  paid       |                  |                                       | -150,000 | refused: over nothing
  paid       | 10/1             | 1 award 10/1                          | -150,000 | refused: over nothing
  paid       | 10/2             | 1 award 10/1                          | -150,000 | clawback 10/1 undoes 1
  paid       |                  | 1 award 11/1                          | -150,000 | refused: over nothing
  paid       |                  | 1 correction 10/1                     | -150,000 | clawback 10/1 undoes 1
  paid       |                  | 1 award 10/1, 2 clawback 10/1         | -150,000 | posting 2
  paid       | 10/1             | 1 award 10/1, 2 clawback 10/1         | -150,000 | posting 2
  paid       |                  | 1 award 10/1, 2 clawback 10/1         | -300,000 | refused: over nothing

# A tier that another month earned is not clawed back: the store has it from this one alone.
  paid       | 9/1              | 1 award 10/1                          | -150,000 | refused: earned in 9
  paid       | 11/1 12/1        | 1 award 10/1                          | -150,000 | refused: earned in 11
  paid       | 11/2             | 1 award 10/1                          | -150,000 | clawback 10/1 undoes 1

# What was clawed back is reinstated when the month earns it after all, and so on.
  paid       | 10/1             | 1 award 10/1, 2 clawback 10/1         | +150,000 | reinstatement 10/1 undoes 2
  paid       |                  | 1 award 10/1, 2 clawback 10/1         | +150,000 | refused: lacks nothing
  paid       | 10/1             | 1 award 10/1, 2 clawback 10/1, 3 reinstatement 10/1 | +150,000 | posting 3
  paid       | 10/1             | 1 award 10/1, 2 clawback 10/1, 3 reinstatement 10/1 | -150,000 | refused: over nothing
  paid       |                  | 1 award 10/1, 2 clawback 10/1, 3 reinstatement 10/1 | +150,000 | posting 3
  paid       |                  | 1 award 10/1, 2 clawback 10/1, 3 reinstatement 10/1 | -150,000 | clawback 10/1 undoes 3
  paid       | 10/1             | 1 award 10/1, 2 clawback 10/1, 3 reinstatement 10/1, 4 clawback 10/1 | +150,000 | reinstatement 10/1 undoes 4
  paid       |                  | 1 award 10/1, 2 clawback 10/1, 3 reinstatement 10/1, 4 clawback 10/1 | -150,000 | posting 4
  paid       | 10/1             | 1 correction 10/1, 2 clawback 10/1    | +150,000 | reinstatement 10/1 undoes 2
  paid       |                  | 1 correction 10/1, 2 clawback 10/1    | +150,000 | posting 1
  paid       | 10/1             | 1 correction 10/1, 2 clawback 10/1, 3 reinstatement 10/1 | +150,000 | posting 3

# ... or when another month earns the tier, for whichever the store is asked about.
  paid       | 10/1             | 1 award 11/1, 2 clawback 11/1         | +150,000 | reinstatement 11/1 undoes 2
  paid       | 10/1             | 1 award 11/1, 2 clawback 11/1, 3 reinstatement 11/1 | +150,000 | posting 3
  paid       |                  | 1 award 11/1, 2 clawback 11/1, 3 reinstatement 11/1 | +150,000 | refused: lacks nothing
  paid       | 10/2             | 1 award 11/1, 2 clawback 11/1         | +300,000 | award 10/2

# Points that changed between: a tier is held once, so what was clawed back comes back as it was.
  paid       | 10/1=200,000     | 1 award 10/1, 2 clawback 10/1         | +150,000 | reinstatement 10/1 undoes 2
  paid       | 10/1=200,000     | 1 award 10/1, 2 clawback 10/1         | +200,000 | refused: lacks 10/1
  paid       | 10/1=200,000     | 1 award 10/1                          | -150,000 | refused: earned in 10
"""  # noqa: E501 a table

POINTS = {1: 150_000, 2: 300_000}
WORDS = {"correction": "award"}


def cases() -> list[list[str]]:
    lines = CASES.strip().splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")] for line in lines if "|" in line]


def awards(told: str) -> list[Award]:
    found = re.findall(r"(\d+)/(\d)(?:=([\d,]+))?", told)
    return [
        Award(SettlementMonth(2026, int(month)), "maru", int(tier), number(points, int(tier)))
        for month, tier, points in found
    ]


def number(points: str, tier: int) -> int:
    return int(points.replace(",", "")) if points else POINTS[tier]


def case(state: str, earned: str, posted: str, asked: str) -> Case:
    given, corrections = {}, []
    newest: dict[Award, int] = {}
    for line in filter(None, posted.split(", ")):
        posting_no, word, *_ = line.split()
        (award,) = awards(line)
        if word == "award":
            given[award] = int(posting_no)
        else:
            kind = CorrectionKind(WORDS.get(word, word))
            correction = Correction(kind, award, newest.get(award))
            corrections.append(PostedCorrection(int(posting_no), correction))
        newest[award] = int(posting_no)
    return Case(
        SettlementMonth(2026, 10),
        int(asked.replace(",", "")),
        closed=state != "open",
        paid=state == "paid",
        earned=frozenset(awards(earned)),
        awards=given,
        corrections=tuple(corrections),
    )


def told(of: Case) -> str:
    match decide_correction(of):
        case MonthNotPaid(closed):
            return "refused: not paid" if closed else "refused: never closed"
        case NotOverAwarded(over_awards):
            return f"refused: over {listed(over_awards)}"
        case NotUnderAwarded(under_awards):
            return f"refused: lacks {listed(under_awards)}"
        case EarnedInAnotherMonth(_, earned_in):
            return f"refused: earned in {earned_in.month}"
        case Correction() as correction:
            for each in of.corrections:
                if each.correction == correction:
                    return f"posting {each.posting_no}"
            undoes = f" undoes {correction.undoes}" if correction.undoes else ""
            return f"{correction.kind} {listed([correction.award])}{undoes}"


def listed(found: tuple[Award, ...] | list[Award]) -> str:
    names = [f"{each.settlement_month.month}/{each.tier}" for each in found]
    return " ".join(names) or "nothing"


@pytest.mark.parametrize(("state", "earned", "posted", "asked", "outcome"), cases())
def test_a_correction_is_what_the_table_says(
    state: str, earned: str, posted: str, asked: str, outcome: str
) -> None:
    assert told(case(state, earned, posted, asked)) == outcome


def test_a_correction_moves_the_points_of_its_award() -> None:
    (award,) = awards("10/1")
    moved = {kind.value: Correction(kind, award, 1).points for kind in CorrectionKind}
    assert moved == {"award": 150_000, "clawback": -150_000, "reinstatement": 150_000}

"""An example of docs/program-rules.md that no test can run is an error, not a row passed over."""

import pytest

from tests.spec.examples import RULES, read_examples

# What is changed on the page, each making a row that nobody could run.
CHANGES = """
a page without examples        | ## 7. Worked examples          | ## 7. More examples
a table that nobody knows      | ### Settlement lines           | ### Some lines
a policy that there is not     | Decisions by `d-commerce-2024` | Decisions by `d-commerce-2025`
a row with a cell too few      | ~ 6,000,000 ~ –                | ~ 6,000,000
a column of another name       | ~ earlier ~                    | ~ before ~
a number used twice            | ~ 2 ~ 2020-03-16               | ~ 1 ~ 2020-03-16
a date that is none            | 2020-06-01                     | 2020-06-31
a store that is nothing known  | API, fulfilment                | API, warehouse
a month too few                | 1.5, 2, 2.5                    | 1.5, 2
an amount that is none         | 1.5, 2, 2.5                    | 1.5, two, 2.5
an amount with odd thousands   | ~ 5,999,999 ~                  | ~ 59,99,999 ~
lines that there are not       | ~ lines 17 ~                   | ~ lines 16 ~
lines of no example            | ~ lines 17 ~                   | ~ 1, 2, 3 ~
an earlier tier that is none   | ~ 1 ~ `tier_already_awarded`   | ~ one ~ `tier_already_awarded`
a tier without points          | tier 1, 150,000 ~ 2020-09-10   | tier 1 ~ 2020-09-10
a reason that there is not     | `uses_fulfilment`              | `uses_warehouse`
a reason beside prose          | `uses_api`                     | `uses_api` of course
an award without a date        | 150,000 ~ 2020-09-10           | 150,000 ~ –
a date without an award        | `below_lowest_tier` ~ –        | `below_lowest_tier` ~ 2020-09-10
a holiday that is none         | 09-10, 09-11, 09-12            | 09-10, Chuseok
"""


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        pytest.param(written, instead, id=what)
        for what, written, instead in (
            (cell.strip().replace("~", "|") for cell in line.split("|"))
            for line in CHANGES.strip().splitlines()
        )
    ],
)
def test_what_cannot_be_run_is_an_error(written: str, instead: str) -> None:
    assert written in RULES

    with pytest.raises((ValueError, KeyError)):
        read_examples(RULES.replace(written, instead))

"""What weakening a piece of SQL leaves out."""

import pytest

from tests.mutation.conditions import weakened

WITHOUT = {
    "IF a THEN": {"IF false THEN", "IF true THEN"},
    "IF a OR b = 'or' THEN": {"IF false OR b = 'or' THEN", "IF a OR false THEN"},
    "IF a AND NOT b THEN": {"IF true AND NOT b THEN", "IF a AND true THEN"},
    "IF a OR b AND c THEN": {
        "IF false OR b AND c THEN",
        "IF a OR false THEN",
        "IF a OR true AND c THEN",
        "IF a OR b AND true THEN",
    },
    "CHECK (a BETWEEN 1 AND 2 AND b)": {"CHECK (true AND b)", "CHECK (a BETWEEN 1 AND 2 AND true)"},
    "CHECK ((a OR b))": {"CHECK ((false OR b))", "CHECK ((a OR false))"},
    "CHECK ((a))": {"CHECK ((false))", "CHECK ((true))"},
    "WHERE (a OR b) AND (SELECT c)": {
        "WHERE true AND (SELECT c)",
        "WHERE (a OR b) AND true",
        "WHERE (false OR b) AND (SELECT c)",
        "WHERE (a OR false) AND (SELECT c)",
    },
    "JOIN x ON true": set(),
    "SELECT x FROM y WHERE a ORDER BY z": {
        "SELECT x FROM y WHERE false ORDER BY z",
        "SELECT x FROM y WHERE true ORDER BY z",
    },
    "SELECT (a, b) = (c, d)": {"SELECT (b) = (d)", "SELECT (a) = (c)"},
    "SELECT (count(*), a) IS DISTINCT FROM (1, c)": {
        "SELECT (a) IS DISTINCT FROM (c)",
        "SELECT (count(*)) IS DISTINCT FROM (1)",
    },
    "x := a AND b;": set(),
    "-- IF a THEN": set(),
}


@pytest.mark.parametrize(("sql", "expected"), WITHOUT.items(), ids=WITHOUT)
def test_each_condition_is_left_out_once(sql: str, expected: set[str]) -> None:
    found = [each.text for each in weakened(sql)]
    assert sorted(found) == sorted(expected)

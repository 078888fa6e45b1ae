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
    "WHEN ((a)) EXECUTE FUNCTION b()": {
        "WHEN ((false)) EXECUTE FUNCTION b()",
        "WHEN ((true)) EXECUTE FUNCTION b()",
    },
    "SELECT CASE a WHEN 'b' THEN CASE WHEN c THEN 1 END WHEN d THEN 2 END": {
        "SELECT CASE a WHEN NULL THEN CASE WHEN c THEN 1 END WHEN d THEN 2 END",
        "SELECT CASE a WHEN a THEN CASE WHEN c THEN 1 END WHEN d THEN 2 END",
        "SELECT CASE a WHEN 'b' THEN CASE WHEN false THEN 1 END WHEN d THEN 2 END",
        "SELECT CASE a WHEN 'b' THEN CASE WHEN true THEN 1 END WHEN d THEN 2 END",
        "SELECT CASE a WHEN 'b' THEN CASE WHEN c THEN 1 END WHEN NULL THEN 2 END",
        "SELECT CASE a WHEN 'b' THEN CASE WHEN c THEN 1 END WHEN a THEN 2 END",
    },
    "EXCEPTION WHEN lock_not_available THEN": set(),
    "EXECUTE 'SELECT WHERE a OR b'": {
        "EXECUTE 'SELECT WHERE false OR b'",
        "EXECUTE 'SELECT WHERE a OR false'",
    },
    "x := 'strict $[*]?(@.a == 1 && !(@.b || @.c))'": {
        "x := 'strict $[*]?(1 == 1 && !(@.b || @.c))'",
        "x := 'strict $[*]?(@.a == 1 && 1 == 1)'",
        "x := 'strict $[*]?(@.a == 1 && !(1 == 0 || @.c))'",
        "x := 'strict $[*]?(@.a == 1 && !(@.b || 1 == 0))'",
    },
    "x := a AND b;": set(),
    "-- IF a THEN": set(),
}


@pytest.mark.parametrize(("sql", "expected"), WITHOUT.items(), ids=WITHOUT)
def test_each_condition_is_left_out_once(sql: str, expected: set[str]) -> None:
    found = [each.text for each in weakened(sql)]
    assert sorted(found) == sorted(expected)

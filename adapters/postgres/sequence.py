"""The order in which records were made: that of the chain, whatever the clocks showed.

An instant tells what a clock showed, and clocks are set back. What must be told for ever after,
such as which payout date held when a month was paid, is told by numbers: first the seals', in the
order of commits, and after them the notes', of what waits for its seal. A note takes its number
late in its transaction, when that holds all its locks. So of two records made under the program's
lock, as closings, approvals, payout dates and payouts are, the later one has the higher number.
Numbers of one kind of record (`run_no`, `plan_no`, `evaluation_no`) are taken under that lock, too,
and order their kind.
"""

from typing import Final

# To compare as (waits, number). Not a view: `verify` trusts nothing that the database defines.
NOTED: Final = """
    noted AS NOT MATERIALIZED (
      SELECT false AS waits, seal_no AS number, subject, subject_key FROM growth_points.seal
      UNION ALL SELECT true, note_no, subject, subject_key FROM growth_points.unsealed
    )
"""

"""Rules for a reward day as a whole, and for its entries beside those that are known already."""

from domain import profile as counted
from domain.findings import Severity
from domain.profile import Profile
from domain.sentence import sentence
from expectations.delivery_rules import POINTS_DIFFER, ROWS_DIFFER, SHA256_DIFFERS
from expectations.reward_rules import reward_rule
from expectations.rule import PresenceRule, Rule

ENTRY_SET_RULES: tuple[Rule, ...] = (
    reward_rule(
        counted.UNREADABLE_ENTRY, sentence("the row cannot be read (columns, quotes or encoding)")
    ),
    reward_rule(
        counted.CONTINUED_ENTRY,
        sentence(
            "a quoted value goes on from the line before; what looks like rows in it does not count"
        ),
        Severity.WARNING,
    ),
    reward_rule(
        counted.SHEET_NOT_READ,
        sentence("the header is not one for the rows of this file, so nothing was read from it"),
        Severity.WARNING,
        unit="sheet",
    ),
    reward_rule(
        counted.REPEATED_ENTRY, sentence("another entry has the same event_id and position")
    ),
    reward_rule(
        counted.POSITION_GAP,
        sentence("the positions of the event are not 1, 2, 3 and so on without a gap"),
    ),
    reward_rule(counted.EVENT_OF_STORES, sentence("the event has entries of several stores")),
)

# These are counted in the database, over the entries that no other rule refuses.
COMPARED_ENTRY_RULES: tuple[Rule, ...] = (
    reward_rule(
        counted.UNKNOWN_STORE,
        sentence("the store is in no ingested seller snapshot"),
        unit="seller",
    ),
    reward_rule(
        counted.CHANGED_ENTRY,
        sentence(
            "the entry was delivered before with other values (an entry never "
            "changes: deliver a cancellation and a new event)"
        ),
    ),
    reward_rule(
        counted.CANCELLED_NOTHING, sentence("the cancellation names no reward that was delivered")
    ),
    reward_rule(
        counted.CANCELLED_TWICE,
        sentence("the reward that the cancellation names is cancelled already"),
    ),
    reward_rule(
        counted.CANCELLED_OTHER,
        sentence(
            "the cancellation has another store or other points than the reward that it names"
        ),
    ),
)

ENTRY_CONTROL_TOTAL_RULES: tuple[Rule, ...] = (ROWS_DIFFER, POINTS_DIFFER, SHA256_DIFFERS)


def _entries_unless_declared(profile: Profile) -> int:
    """Return the number of entries; a day without any is one if a manifest says so."""
    return profile.entries or int(all(file.declared is not None for file in profile.files))


ENTRY_PRESENCE_RULES: tuple[PresenceRule, ...] = (
    PresenceRule(
        reward_rule(
            "rewards_empty",
            sentence("the delivery holds no entry, and no manifest says that there are none"),
        ),
        _entries_unless_declared,
    ),
)

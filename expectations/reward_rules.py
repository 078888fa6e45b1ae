"""The rules for a day's reward entries: of one entry, of an event, of what is recorded already.

A broken one blocks the day, but for two that ask for a look: an entry that is paid never changes.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import narwhals as nw

from domain import profile as counted
from domain.columns import LONGEST_ID, Content
from domain.findings import Severity
from domain.profile import Profile
from domain.sentence import Text, sentence
from domain.using.rewards import MOST_POSITIONS, RewardKind
from domain.written import HIDDEN
from expectations.delivery_rules import POINTS_DIFFER, ROWS_DIFFER, SHA256_DIFFERS
from expectations.rule import (
    PresenceRule,
    RowRule,
    Rule,
    at_most,
    between,
    exact_id,
    free_of,
    given,
    known_word,
    present,
    readable,
    well_formed_word,
)

_HIDDEN = f"[{HIDDEN}]"
_KINDS = tuple(kind.value for kind in RewardKind)
_WHOLE = sentence("a whole number of at most 18 digits")
_ONE_DAY = sentence("have entries of another day delivered in the folder of that day")


@dataclass(frozen=True, slots=True)
class EntryTerms:
    """What the entries of a delivery are held to: its day, and the policy's limit of an entry."""

    day: date
    most_points: int


EntryRule: TypeAlias = RowRule[EntryTerms]


def reward_rule(
    name: str, told: Text, severity: Severity = Severity.CRITICAL, *, unit: str = ""
) -> Rule:
    """Return a rule about reward entries, of which none may break it."""
    return Rule(name, Content.REWARDS, severity, told, unit=unit)


def _well_formed(column: str) -> nw.Expr:
    return at_most(LONGEST_ID, column) & free_of(_HIDDEN, column)


def _text_rules(column: str, rule: str, shows: str) -> tuple[EntryRule, ...]:
    """Return the rules for a text that an entry must have."""
    missing: EntryRule = RowRule(
        reward_rule(f"{rule}_missing", sentence("the {column} is missing", column=column)),
        shows,
        lambda _: present(column),
    )
    return (missing, *_form_rules(column, rule))


def _form_rules(column: str, rule: str) -> tuple[EntryRule, ...]:
    malformed: EntryRule = RowRule(
        reward_rule(
            f"{rule}_malformed",
            sentence(
                "the {column} is longer than {longest_id} characters or holds an "
                "invisible character",
                column=column,
                longest_id=LONGEST_ID,
            ),
        ),
        column,
        lambda _: _well_formed(column),
    )
    rounded: EntryRule = RowRule(
        reward_rule(
            f"{rule}_inexact",
            sentence(
                "the {column} is a number with a fraction or an exponent, perhaps "
                "another id rounded (have ids written as text)",
                column=column,
            ),
        ),
        column,
        lambda _: exact_id(column),
    )
    return (malformed, rounded)


def _is_cancellation() -> nw.Expr:
    return nw.col("kind") == RewardKind.CANCELLATION.value


def _names_what_it_cancels() -> nw.Expr:
    named = present("cancels_event_id") & given("cancels_position")
    return nw.when(_is_cancellation()).then(named).otherwise(nw.lit(value=True))


def _cancels_nothing() -> nw.Expr:
    nothing = nw.col("cancels_event_id").is_null() | (nw.col("cancels_event_id") == "")
    return nothing & ~given("cancels_position") | _is_cancellation()


def _position_rules(column: str, rule: str) -> tuple[EntryRule, ...]:
    return (
        RowRule(
            reward_rule(
                f"{rule}_unreadable",
                sentence("the {column} is not {whole}", column=column, whole=_WHOLE),
            ),
            f"{column}_unreadable",
            lambda _: readable(column),
        ),
        RowRule(
            reward_rule(
                f"{rule}_out_of_range",
                sentence(
                    "the {column} is not from 1 to {most_positions:,}",
                    column=column,
                    most_positions=MOST_POSITIONS,
                ),
            ),
            column,
            lambda _: between(1, MOST_POSITIONS, column),
        ),
    )


ENTRY_RULES: tuple[EntryRule, ...] = (
    *_text_rules("event_id", "reward_event", "seller_id"),
    RowRule(
        reward_rule("reward_position_missing", sentence("the position is missing")),
        "event_id",
        lambda _: given("position"),
    ),
    *_position_rules("position", "reward_position"),
    RowRule(
        reward_rule("reward_store_missing", sentence("the seller_id is missing")),
        "event_id",
        lambda _: present("seller_id"),
    ),
    *_form_rules("seller_id", "reward_store"),
    RowRule(
        reward_rule("reward_kind_missing", sentence("the kind is missing")),
        "event_id",
        lambda _: present("kind"),
    ),
    RowRule(
        reward_rule(
            "reward_kind_malformed",
            sentence(
                "the kind is longer than {longest_id} characters or holds a control character",
                longest_id=LONGEST_ID,
            ),
        ),
        "kind",
        lambda _: well_formed_word(_KINDS, "kind"),
    ),
    RowRule(
        reward_rule(
            "reward_kind_unknown",
            sentence("the kind is not one of {kinds}", kinds=", ".join(_KINDS)),
        ),
        "kind",
        lambda _: known_word(_KINDS, "kind"),
    ),
    RowRule(
        reward_rule("reward_points_missing", sentence("the points are missing")),
        "event_id",
        lambda _: given("points"),
    ),
    RowRule(
        reward_rule(
            "reward_points_unreadable", sentence("the points are not {whole}", whole=_WHOLE)
        ),
        "points_unreadable",
        lambda _: readable("points"),
    ),
    RowRule(
        reward_rule("reward_points_not_positive", sentence("the points are 0 or below")),
        "points",
        lambda _: nw.col("points").is_null() | (nw.col("points") > 0),
    ),
    RowRule(
        reward_rule(
            "reward_points_above_limit",
            sentence("the points are above the policy's limit of one entry"),
        ),
        "points",
        lambda terms: nw.col("points").is_null() | (nw.col("points") <= terms.most_points),
    ),
    *_text_rules("customer_ref", "reward_customer", "event_id"),
    RowRule(
        reward_rule("occurred_on_missing", sentence("the occurred_on date is missing")),
        "event_id",
        lambda _: given("occurred_on"),
    ),
    RowRule(
        reward_rule(
            "occurred_on_unreadable",
            sentence("occurred_on is not a date like 2026-11-29 or 2026.11.29"),
        ),
        "occurred_on_unreadable",
        lambda _: readable("occurred_on"),
    ),
    RowRule(
        reward_rule(
            "occurred_on_other_day",
            sentence("occurred_on is not the day of the delivery ({one_day})", one_day=_ONE_DAY),
        ),
        "occurred_on",
        lambda terms: between(terms.day, terms.day, "occurred_on"),
    ),
    RowRule(
        reward_rule(
            "cancellation_unnamed",
            sentence(
                "the cancellation lacks the cancels_event_id or the cancels_position "
                "of the entry that it takes back"
            ),
        ),
        "event_id",
        lambda _: _names_what_it_cancels(),
    ),
    RowRule(
        reward_rule(
            "reward_cancels",
            sentence(
                "an entry that is no cancellation has a cancels_event_id or a cancels_position"
            ),
        ),
        "event_id",
        lambda _: _cancels_nothing(),
    ),
    *_form_rules("cancels_event_id", "cancelled_event"),
    *_position_rules("cancels_position", "cancelled_position"),
)

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

"""Rules about unknown words and words that are new to the program."""

from domain import profile as counted
from domain.columns import Content
from domain.findings import Severity
from domain.profile import Profile, UnknownWord
from expectations.rule import A_FEW, Limit, Rule


def _new_word(column: str, content: Content, consequence: str) -> Rule:
    return Rule(
        counted.NEW_WORD[column],
        content,
        Severity.WARNING,
        f"the {column} comes up for the first time in the program, and {consequence}",
        unit="word",
    )


NEW_WORD_RULES: tuple[Rule, ...] = (
    _new_word("line_type", Content.SETTLEMENTS, "its lines do not count"),
    _new_word("settlement_type", Content.SETTLEMENTS, "its lines count as any other"),
    _new_word("status", Content.SELLERS, "its stores do not count as active"),
)


def _unknown(column: str, content: Content, what: str) -> tuple[Rule, ...]:
    """Return the rules for a share of unknown words; a few are reported by the row rule."""
    counts = counted.UNKNOWN_WORD[column]
    many = f"the {column} is one that this program does not know, so {what}"
    return tuple(
        Rule(f"{counts}_{name}", content, weight, many, Limit(A_FEW, setting), counts=counts)
        for name, weight, setting in (
            ("often", Severity.WARNING, "words_often_unknown"),
            ("mostly", Severity.CRITICAL, "words_mostly_unknown"),
        )
    )


UNKNOWN_WORD_RULES: tuple[Rule, ...] = (
    *_unknown("line_type", Content.SETTLEMENTS, "the line does not count"),
    *_unknown("status", Content.SELLERS, "the store does not count as active"),
)

_COLUMN_OF_WORDS = {
    rule: column
    for rules in (counted.UNKNOWN_WORD, counted.NEW_WORD)
    for column, rule in rules.items()
}


def unknown_words_of(rule: Rule, profile: Profile) -> tuple[UnknownWord, ...]:
    """Return the unknown words that a rule reports; none for other rules."""
    words = profile.new_words if rule in NEW_WORD_RULES else profile.unknown_words
    column = _COLUMN_OF_WORDS.get(rule.count_of)
    return tuple(word for word in words if word.column == column)

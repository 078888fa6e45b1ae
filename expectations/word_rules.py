"""Rules about unknown words and words that are new to the program."""

from domain import profile as counted
from domain.columns import Content
from domain.findings import Severity
from domain.profile import Profile, UnknownWord
from domain.sentence import Text, sentence
from expectations.rule import A_FEW, Limit, Rule


def _new_word(column: str, content: Content, consequence: Text) -> Rule:
    return Rule(
        counted.NEW_WORD[column],
        content,
        Severity.WARNING,
        sentence(
            "the {column} comes up for the first time in the program, and {consequence}",
            column=column,
            consequence=consequence,
        ),
        unit="word",
    )


NEW_WORD_RULES: tuple[Rule, ...] = (
    _new_word("line_type", Content.SETTLEMENTS, sentence("its lines do not count")),
    _new_word("settlement_type", Content.SETTLEMENTS, sentence("its lines count as any other")),
    _new_word("status", Content.SELLERS, sentence("its stores do not count as active")),
)


def _unknown(column: str, content: Content, what: Text) -> tuple[Rule, ...]:
    """Return the rules for a share of unknown words; a few are reported by the row rule."""
    counts = counted.UNKNOWN_WORD[column]
    many = sentence(
        "the {column} is one that this program does not know, so {what}", column=column, what=what
    )
    return tuple(
        Rule(f"{counts}_{name}", content, weight, many, Limit(A_FEW, setting), counts=counts)
        for name, weight, setting in (
            ("often", Severity.WARNING, "words_often_unknown"),
            ("mostly", Severity.CRITICAL, "words_mostly_unknown"),
        )
    )


UNKNOWN_WORD_RULES: tuple[Rule, ...] = (
    *_unknown("line_type", Content.SETTLEMENTS, sentence("the line does not count")),
    *_unknown("status", Content.SELLERS, sentence("the store does not count as active")),
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

"""The wording of findings: what is wrong, where, how often, and which limit was exceeded."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from domain.delivery import expected_of
from domain.findings import Finding, Severity
from domain.many import many
from domain.profile import REPLACED, FileTotals, Profile, UnknownWord, Violations
from domain.sentence import Text, Word, joined, sentence, sentences
from expectations.delivery_rules import SHA256_DIFFERS, control_totals
from expectations.rule import BandRule, Rule, checked_total
from expectations.word_rules import unknown_words_of

_FILES_NAMED = 3
_WORDS_NAMED = 5
_EXAMPLES_NAMED = 20
_ROW = re.compile(r"(?P<file>.+) row (?P<row>[0-9]+)(?P<shown>| \(.*\))", re.DOTALL)
_THE_DELIVERY: Final = sentence("the delivery")


def violated(rule: Rule, found: Violations, profile: Profile) -> Finding:
    """Return the finding for a rule that too many rows or stores break."""
    where = _files(found.by_file)
    facts = {
        "where": where,
        "what": joined((rule.sentence, _compared_with(rule, profile)), ""),
        "many": many(rule.counted, found.count),
        "words": _named(unknown_words_of(rule, profile)),
        "examples": _examples(found.examples),
        "limit": _limit(rule, profile),
    }
    if rule.counted == "store":
        text = sentence("{where}: {what}: {many}{words}{examples}.{limit}", **facts)
    else:
        text = sentence("{where}: {what} in {many}{words}{examples}.{limit}", **facts)
    return Finding(rule.name, rule.severity, text, found.count, str(where), found.examples)


def _compared_with(rule: Rule, profile: Profile) -> Text:
    """Say of which month the last snapshot is; it need not be the month before."""
    if rule.counted != "store" or rule.count_of in REPLACED:
        return ""
    return sentence(" (the last is that of {month})", month=str(profile.past.changes.since))


def _examples(examples: tuple[str, ...]) -> Text:
    """Name a few examples; the data-quality page lists the rest."""
    if not examples:
        return ""
    few = joined(map(_example, examples[:_EXAMPLES_NAMED]))
    if len(examples) <= _EXAMPLES_NAMED:
        return sentence(", for example {examples}", examples=few)
    return sentence(
        ", for example {examples} (the data-quality page lists {all:,})",
        examples=few,
        all=len(examples),
    )


def _example(example: str) -> Text:
    """Return an example as a text, if it is a row of a file."""
    if (found := _ROW.fullmatch(example)) is None:
        return example
    return sentence("{file} row {row}{shown}", **found.groupdict())


def new_words(rule: Rule, words: Iterable[UnknownWord]) -> Finding:
    """Return the finding for words that no delivery had before."""
    words = tuple(words)
    what = joined((rule.sentence, _named(words)), "")
    return Finding(
        rule.name,
        rule.severity,
        sentence("{where}: {what}.", where=_THE_DELIVERY, what=what),
        len(words),
        str(_THE_DELIVERY),
        tuple(each.word for each in words),
    )


def _limit(rule: Rule, profile: Profile) -> Text:
    """Say which limit was exceeded and, for a critical finding, how to raise it."""
    if not (setting := rule.limit.setting):
        return ""
    facts = {
        "limit": f"{setting}={100 * profile.limits[setting]:.4g}%",
        "total": checked_total(rule, profile),
    }
    if rule.severity is not Severity.CRITICAL:
        return sentence(" That is above {limit} of {total:,}.", **facts)
    return sentence(
        " That is above {limit} of {total:,}; if it is intended, raise the limit in "
        "GROWTH_POINTS_LIMITS.",
        **facts,
    )


def _named(words: Iterable[UnknownWord]) -> Text:
    named = [sentence("{word!r} ({many})", word=each.word, many=_how_much(each)) for each in words]
    if not named:
        return ""
    listed = joined(named[:_WORDS_NAMED], ", ")
    more = len(named) - _WORDS_NAMED
    if more <= 0:
        return joined((": ", listed), "")
    return sentence(": {words} and {more} more", words=listed, more=more)


def _how_much(word: UnknownWord) -> Text:
    if word.amount_krw is None:
        return many("store", word.rows)
    lines = many("line", word.rows)
    return sentence("{lines}, {amount:,} KRW", lines=lines, amount=word.amount_krw)


def broken_by_all(rule: Rule, found: Violations) -> Finding:
    """Return the finding for a rule that all lines or rows break."""
    where = _files(found.by_file)
    examples = joined(map(_example, found.examples))
    shown = sentence(", for example {examples}", examples=examples) if found.examples else ""
    text = sentence("{where}: {what}.", where=where, what=joined((rule.sentence, shown), ""))
    return Finding(rule.name, rule.severity, text, found.count, str(where), found.examples)


def _files(by_file: Iterable[tuple[str, int]]) -> Text:
    files = sorted(by_file, key=lambda file: (-file[1], file[0]))
    if not files:
        return _THE_DELIVERY
    return files[0][0] if len(files) == 1 else _counted_files(files)


def _counted_files(files: Sequence[tuple[str, int]]) -> Text:
    """Name the first files with their counts, and count the others."""
    named = ", ".join(f"{name} ({count:,})" for name, count in files[:_FILES_NAMED])
    others = len(files) - _FILES_NAMED
    if others <= 0:
        return named
    return sentences(
        "{names} and {count:,} more file",
        "{names} and {count:,} more files",
        count=others,
        names=named,
    )


def empty_delivery(rule: Rule, profile: Profile) -> Finding:
    """Return the finding for a delivery without lines or without sellers."""
    files = [file.name for file in profile.files if file.content is rule.content]
    where: Text = ", ".join(files[:_FILES_NAMED]) or _THE_DELIVERY
    text = sentence("{where}: {what}.", where=where, what=rule.sentence)
    return Finding(rule.name, rule.severity, text, 0, str(where))


def unlike_manifest(rule: Rule, file: FileTotals) -> Finding:
    """Return the finding for a file that differs from its manifest."""
    declared, read = control_totals(rule, file) or ("nothing", "nothing")
    shown = [
        f"{int(total):,}" if rule is not SHA256_DIFFERS else total for total in (declared, read)
    ]
    text = sentence(
        "{file}: {what}: it declares {declared}, the file has {read}.",
        file=file.name,
        what=rule.sentence,
        declared=shown[0],
        read=shown[1],
    )
    return Finding(rule.name, rule.severity, text, 1, file.name, (declared, read))


def outside_band(band: BandRule, profile: Profile) -> Finding:
    """Return the finding for a month that is unlike the months before it."""
    rule, value = band.rule, band.measure(profile)
    least, most = band.band(profile.past.months)
    text = sentence(
        "{where}: {what}: it is {value:,}, and after {months} between {least:,} and {most:,} was "
        "expected.",
        where=_THE_DELIVERY,
        what=rule.sentence,
        value=value,
        months=", ".join(str(month.settlement_month) for month in reversed(profile.past.months)),
        least=least,
        most=most,
    )
    return Finding(rule.name, rule.severity, text, 1, str(_THE_DELIVERY), (str(value),))


def unchecked(rule: Rule, problem: Text, profile: Profile) -> Finding:
    """Return the critical finding for a rule that could not be checked."""
    text = sentence(
        "the rule could not be checked, so the {unit} is blocked: {problem}",
        unit=Word("unit", expected_of(profile.period).unit),
        problem=problem,
    )
    return Finding(rule.name, Severity.CRITICAL, text, 0, str(_THE_DELIVERY))

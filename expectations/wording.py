"""The wording of findings: what is wrong, where, how often, and which limit was exceeded."""

from collections.abc import Iterable

from domain.delivery import expected_of
from domain.findings import Finding, Severity
from domain.profile import REPLACED, FileTotals, Profile, UnknownWord, Violations
from expectations.delivery_rules import SHA256_DIFFERS, control_totals
from expectations.rule import BandRule, Rule, checked_total
from expectations.word_rules import unknown_words_of

_FILES_NAMED = 3
_WORDS_NAMED = 5
_EXAMPLES_NAMED = 20


def violated(rule: Rule, found: Violations, profile: Profile) -> Finding:
    """Return the finding for a rule that too many rows or stores break."""
    lines = _many(found.count, rule.counted)
    words = _named(unknown_words_of(rule, profile))
    examples = _examples(found.examples)
    where = _files(found.by_file)
    what = f"{rule.sentence}{_compared_with(rule, profile)}"
    place = ": " if rule.counted == "store" else " in "
    sentence = f"{where}: {what}{place}{lines}{words}{examples}.{_limit(rule, profile)}"
    return Finding(rule.name, rule.severity, sentence, found.count, where, found.examples)


def _many(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def _compared_with(rule: Rule, profile: Profile) -> str:
    """Say of which month the last snapshot is; it need not be the month before."""
    of_the_last = rule.counted == "store" and rule.count_of not in REPLACED
    return f" (the last is that of {profile.past.changes.since})" if of_the_last else ""


def _examples(examples: tuple[str, ...]) -> str:
    """Name a few examples; the data-quality page lists the rest."""
    few = "; ".join(examples[:_EXAMPLES_NAMED])
    listed = f" (the data-quality page lists {len(examples):,})"
    more = listed if len(examples) > _EXAMPLES_NAMED else ""
    return f", for example {few}{more}" if examples else ""


def new_words(rule: Rule, words: Iterable[UnknownWord]) -> Finding:
    """Return the finding for words that no delivery had before."""
    words = tuple(words)
    where, shown = "the delivery", tuple(each.word for each in words)
    return Finding(
        rule.name,
        rule.severity,
        f"{where}: {rule.sentence}{_named(words)}.",
        len(words),
        where,
        shown,
    )


def _limit(rule: Rule, profile: Profile) -> str:
    """Say which limit was exceeded and, for a critical finding, how to raise it."""
    setting = rule.limit.setting
    if not setting:
        return ""
    share = f"{100 * profile.limits[setting]:.4g}%"
    passed = f" That is above {setting}={share} of {checked_total(rule, profile):,}"
    blocks = rule.severity is Severity.CRITICAL
    return (
        f"{passed}; if it is intended, raise the limit in GROWTH_POINTS_LIMITS."
        if blocks
        else f"{passed}."
    )


def _named(words: Iterable[UnknownWord]) -> str:
    named = [f"{each.word!r} ({_how_much(each)})" for each in words]
    more = f" and {len(named) - _WORDS_NAMED} more" if len(named) > _WORDS_NAMED else ""
    return f": {', '.join(named[:_WORDS_NAMED])}{more}" if named else ""


def _how_much(word: UnknownWord) -> str:
    if word.amount_krw is None:
        return _many(word.rows, "store")
    return f"{_many(word.rows, 'line')}, {word.amount_krw:,} KRW"


def broken_by_all(rule: Rule, found: Violations) -> Finding:
    """Return the finding for a rule that all lines or rows break."""
    examples = f", for example {'; '.join(found.examples)}" if found.examples else ""
    where = _files(found.by_file)
    sentence = f"{where}: {rule.sentence}{examples}."
    return Finding(rule.name, rule.severity, sentence, found.count, where, found.examples)


def _files(by_file: Iterable[tuple[str, int]]) -> str:
    files = sorted(by_file, key=lambda file: (-file[1], file[0]))
    if not files:
        return "the delivery"
    if len(files) == 1:
        return files[0][0]
    named = ", ".join(f"{name} ({count:,})" for name, count in files[:_FILES_NAMED])
    others = len(files) - _FILES_NAMED
    return named if others <= 0 else f"{named} and {others} more file{'s'[: others != 1]}"


def empty_delivery(rule: Rule, profile: Profile) -> Finding:
    """Return the finding for a delivery without lines or without sellers."""
    files = [file.name for file in profile.files if file.content is rule.content]
    where = ", ".join(files[:_FILES_NAMED]) or "the delivery"
    return Finding(rule.name, rule.severity, f"{where}: {rule.sentence}.", 0, where)


def unlike_manifest(rule: Rule, file: FileTotals) -> Finding:
    """Return the finding for a file that differs from its manifest."""
    declared, read = control_totals(rule, file) or ("nothing", "nothing")
    shown = [
        f"{int(total):,}" if rule is not SHA256_DIFFERS else total for total in (declared, read)
    ]
    sentence = f"{file.name}: {rule.sentence}: it declares {shown[0]}, the file has {shown[1]}."
    return Finding(rule.name, rule.severity, sentence, 1, file.name, (declared, read))


def outside_band(band: BandRule, profile: Profile) -> Finding:
    """Return the finding for a month that is unlike the months before it."""
    rule, value = band.rule, band.measure(profile)
    least, most = band.band(profile.past.months)
    months = ", ".join(str(month.settlement_month) for month in reversed(profile.past.months))
    sentence = (
        f"the delivery: {rule.sentence}: it is {value:,}, and after {months} "
        f"between {least:,} and {most:,} was expected."
    )
    return Finding(rule.name, rule.severity, sentence, 1, "the delivery", (str(value),))


def unchecked(rule: Rule, problem: str, profile: Profile) -> Finding:
    """Return the critical finding for a rule that could not be checked."""
    unit = expected_of(profile.period).unit
    sentence = f"the rule could not be checked, so the {unit} is blocked: {problem}"
    return Finding(rule.name, Severity.CRITICAL, sentence, 0, "the delivery")

"""Texts that name commands and their flags, in the words of the forms: for whoever is in the UI."""

import re
from typing import Final

from adapters.languages.catalog import Language, say
from domain.sentence import Word, sentence

_FORMS: Final = {
    "adjust": "adjust-points",
    "approve-payout": "approve-payout",
    "close": "close-month",
    "ingest": "ingest-month",
    "link-ad-account": "link-ad-account",
    "pay-out": "pay-out",
    "pay-rewards": "pay-rewards",
    "reschedule-payouts": "reschedule-payouts",
    "verify": "verify",
}
_PREVIEW: Final = re.compile(r"(?:close )?--preview\b")
_FLAG: Final = re.compile(r"--(acknowledge-paid|ahead|policy|reason|request-id)\b(?: TEXT)?")
_WORD: Final = r"(?: (?!--)[\w./:-]*\w)"
_COMMAND: Final = re.compile(
    rf"`?growth-points (?P<name>{'|'.join(_FORMS)})(?P<words>{_WORD}*)(?: --\S+(?: TEXT)?)*`?"
)


def in_form_words(text: str, language: Language) -> str:
    """Name the form instead of its command, and a form's field, as it is titled, for a flag."""

    def form_of(command: re.Match[str]) -> str:
        form, words = _FORMS[command["name"]], command["words"].strip()
        if words:
            named = sentence("the form {form} with {words}", form=form, words=words)
        else:
            named = sentence("the form {form}", form=form)
        return say(named, language)

    def field_of(flag: re.Match[str]) -> str:
        return f'"{say(Word("field", flag[1].replace("-", "_")), language)}"'

    preview = say(sentence("a preview"), language)
    return _FLAG.sub(field_of, _PREVIEW.sub(preview, _COMMAND.sub(form_of, text)))

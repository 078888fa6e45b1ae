"""What is wrong with the value of a setting, as a sentence."""

from collections.abc import Mapping
from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from adapters.languages.catalog import LANGUAGES
from domain.sentence import Text, message_of, sentence


def what_is_wrong(error: ErrorDetails, fields: Mapping[str, FieldInfo]) -> Text:
    """Say what is wrong with a value, and what the setting may be."""
    refused = error.get("ctx", {}).get("error")
    if isinstance(refused, ValueError):
        return message_of(refused)
    value, name = error["input"], str(error["loc"][0])
    if name == "language":
        choices = ", ".join(LANGUAGES)
        return sentence(
            "{value!r} is not a language; write one of {choices}", value=value, choices=choices
        )
    limits = _limits(fields[name].metadata)
    if limits is None:
        return error["msg"]
    least, most = limits
    return sentence(
        "{value!r} is not a whole number from {least:,} to {most:,}",
        value=value,
        least=least,
        most=most,
    )


def _limits(metadata: list[Any]) -> tuple[Any, Any] | None:
    least = [each.ge for each in metadata if isinstance(each, Ge)]
    most = [each.le for each in metadata if isinstance(each, Le)]
    return (least[0], most[0]) if least and most else None

"""Removing secrets from texts that are shown or recorded."""

import re
from typing import Final

_PASSWORD: Final = re.compile(r"(://[^/\s:@'\"]*):[^/\s'\"]*@")
_PARAMETER: Final = re.compile(
    r"([?&; ,][\w.-]*(?:key|token|secret|sign|sig|passw|passfile|credential)[\w.-]*=)[^&;\s'\",]+",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Return a text without the passwords and keys of the addresses in it."""
    return _PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))

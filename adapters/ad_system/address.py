"""The ad system's address and token, checked before they are used."""

import re
from typing import Final
from urllib.parse import urlsplit

from domain.sentence import sentence

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{16,512}={0,2}")  # RFC 6750, and not guessed


class AddressInvalid(ValueError):
    """An address that the ad system is not asked at; the message does not show it."""


class TokenInvalid(ValueError):
    """A token that cannot be one; the message does not show it."""


def checked_address(text: str) -> str:
    """Return an address without its last slash; raises AddressInvalid."""
    try:
        parts = urlsplit(text)
        host, secret, _ = parts.hostname, "@" in parts.netloc, parts.port
    except ValueError:
        raise AddressInvalid(
            sentence("the address is not valid; write https://HOST/PATH")
        ) from None
    if not (parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)):
        raise AddressInvalid(
            sentence("the ad system is asked over https:// only, except on this machine")
        )
    if not host or not text.isascii() or not text.isprintable() or " " in text:
        raise AddressInvalid(sentence("the address is not valid; write https://HOST/PATH"))
    if secret or "?" in text or "#" in text:
        raise AddressInvalid(
            sentence(
                "the address holds more than a host and a path; the token belongs in "
                "GROWTH_POINTS_AD_SYSTEM_TOKEN or a file"
            )
        )
    return text.rstrip("/")


def checked_token(text: str) -> str:
    """Return a token without blanks around it; raises TokenInvalid."""
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise TokenInvalid(
            sentence("the token is not 16 to 512 letters, digits and -._~+/ with = at its end")
        )
    return token

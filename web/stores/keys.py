"""The marketplace's public keys, from a JWKS file or URL, read anew when a key is unknown."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from math import inf
from pathlib import Path
from threading import Lock
from typing import Any, Final

import httpx
from jwt import PyJWK
from jwt.exceptions import InvalidKeyError, PyJWKError

from domain.refusal import Unavailable
from domain.sentence import sentence

# Each kind of key has one algorithm. Symmetric keys and `none` are left out: whoever can verify
# such a token can also make one.
ALGORITHMS: Final = {"RSA": "RS256", "EC": "ES256"}
_LEAST_RSA_BITS: Final = 2048
_AGAIN_AFTER_SECONDS: Final = 60
_OLD_AFTER_SECONDS: Final = 3600
_TIMEOUT_SECONDS: Final = 5
_WAIT_SECONDS: Final = 1
_LONGEST: Final = 1_048_576

log = logging.getLogger("growth_points.stores")


class KeysUnavailable(Unavailable):
    """The keys that tokens are verified with cannot be read."""


class Keys:
    """The keys at a place, by their ids.

    They are read again for an unknown id, once a minute at most, and every hour, so that a key that
    was removed is no longer trusted.
    """

    def __init__(self, place: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._place, self._clock, self._lock = place, clock, Lock()
        self._keys: Mapping[str | None, PyJWK] = {}
        self._read_at = self._tried_at = -inf

    def find(self, key_id: str | None) -> PyJWK | None:
        """Return a key; None if there is no such key. Raises KeysUnavailable."""
        is_known = key_id in self._keys
        if not is_known or self._age(self._read_at) > _OLD_AFTER_SECONDS:
            self._read_in_turn(wait_seconds=0 if is_known else _WAIT_SECONDS)
        return self._keys.get(key_id)

    def _read_in_turn(self, wait_seconds: float) -> None:
        """Read the keys; while another request reads them, a known one is used as it is."""
        if self._lock.acquire(timeout=wait_seconds):
            try:
                self._read_again()
            finally:
                self._lock.release()
        elif wait_seconds:
            raise KeysUnavailable(
                sentence("The keys of tokens are being read. Try again in a moment.")
            )

    def _read_again(self) -> None:
        """Read the keys, unless that was tried within the minute; if it fails, they stay."""
        if self._age(self._tried_at) >= _AGAIN_AFTER_SECONDS:
            self._tried_at = self._clock()
            self._try_to_read()
        if self._read_at == -inf:
            raise KeysUnavailable(
                sentence("The keys of tokens cannot be read. Try again in a minute.")
            )

    def _try_to_read(self) -> None:
        try:
            self._keys, self._read_at = dict(_keys_of(_read(self._place))), self._tried_at
        except (OSError, httpx.HTTPError, ValueError, RecursionError) as error:
            log.warning(
                sentence(
                    "the keys at {place} cannot be read: {error}",
                    place=self._place,
                    error=str(error),
                )
            )

    def _age(self, since: float) -> float:
        return self._clock() - since


def _read(place: str) -> str:
    if place.startswith(("http://", "https://")):
        return _fetched(place)
    return Path(place).read_text("utf-8")


def _fetched(url: str) -> str:
    """Fetch a document; raises ValueError if it is too long, or comes too slowly."""
    late, content = time.monotonic() + _TIMEOUT_SECONDS, bytearray()
    with httpx.stream("GET", url, timeout=_TIMEOUT_SECONDS) as answer:
        for piece in answer.raise_for_status().iter_bytes():
            content += piece
            if len(content) > _LONGEST or time.monotonic() > late:
                raise ValueError("it is too long, or comes too slowly")
    return content.decode()


def _keys_of(text: str) -> Iterator[tuple[str | None, PyJWK]]:
    """Yield the keys of a JWKS that may sign tokens; others are passed over. Raises ValueError."""
    document = json.loads(text)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it has no list of keys")  # noqa: TRY004 the content is wrong
    for each in listed:
        if isinstance(each, dict) and (key := _key(each)) is not None:
            yield key.key_id, key


def _key(written: dict[str, Any]) -> PyJWK | None:
    algorithm = ALGORITHMS.get(str(written.get("kty")))
    if algorithm is None or written.get("alg", algorithm) != algorithm:
        return None
    if not isinstance(written.get("kid"), str | None):
        return None
    if written.get("use", "sig") != "sig" or written.get("crv", "P-256") != "P-256":
        return None
    try:
        key = PyJWK(written, algorithm)
    except (PyJWKError, InvalidKeyError, ValueError):
        return None
    bits: int = key.key.key_size
    return key if algorithm != "RS256" or bits >= _LEAST_RSA_BITS else None

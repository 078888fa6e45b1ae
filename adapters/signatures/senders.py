"""The file of senders: whose signatures are accepted, and when (OpenSSH's `allowed_signers`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from adapters.signatures.sshsig import KEY_TYPE, NAMESPACE, PublicKey, SignatureInvalid
from domain.refusal import WrongUsage
from domain.sentence import Text, sentence

_SEOUL: Final = ZoneInfo("Asia/Seoul")
_LINE: Final = re.compile(
    r"(?P<name>\S+)\s+(?:(?P<options>[a-z-]+(?:=\S+)?)\s+)?"
    r"(?P<kind>(?:ssh|sk|ecdsa)-\S+)\s+(?P<key>\S+)(?:\s.*)?"
)
_OPTION: Final = re.compile(r'(namespaces|valid-after|valid-before)="([^"]+)"', re.IGNORECASE)
_INSTANTS: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


class SendersInvalid(WrongUsage):
    """The file of senders cannot be read, or a line of it has another form."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A key that may sign deliveries, and the instants between which it may; None is no limit."""

    name: str
    key: PublicKey
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def why_not(self, at: datetime) -> Text | None:
        """Return why the key may not sign at an instant, None if it may."""
        if self.valid_after is not None and at < self.valid_after:
            return sentence("is valid only after {at}", at=f"{self.valid_after:%Y-%m-%d %H:%M %Z}")
        if self.valid_before is not None and at >= self.valid_before:
            return sentence(
                "was valid only before {at}", at=f"{self.valid_before:%Y-%m-%d %H:%M %Z}"
            )
        return None


@dataclass(frozen=True, slots=True)
class Senders:
    """The senders in a file; a key may be listed several times, with other validity."""

    file: Path
    listed: tuple[Sender, ...]

    def with_key(self, key: PublicKey) -> tuple[Sender, ...]:
        """Return the entries of a key."""
        return tuple(each for each in self.listed if each.key == key)


def read_senders(path: Path) -> Senders:
    """Read the file of senders; raises SendersInvalid, naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise SendersInvalid(
            sentence(
                "the file of senders, {path}, cannot be read: {why}",
                path=path,
                why=error.strerror or error,
            )
        ) from error
    except UnicodeDecodeError as error:
        raise SendersInvalid(
            sentence("{path} cannot be read as UTF-8 text: {error}", path=path, error=error)
        ) from error
    listed = tuple(
        _sender(line.strip(), f"{path}:{number}")
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.strip().startswith("#")
    )
    if not listed:
        raise SendersInvalid(
            sentence(
                "{path} lists no sender, so no delivery could be accepted; write for "
                "example: settlements@example.com {key_type} AAAA…",
                path=path,
                key_type=KEY_TYPE,
            )
        )
    return Senders(path, listed)


def _sender(line: str, where: str) -> Sender:
    match = _LINE.fullmatch(line)
    if match is None or not match["name"].isprintable():
        raise SendersInvalid(
            sentence(
                "{where}: write a name and a public key: NAME {key_type} AAAA…",
                where=where,
                key_type=KEY_TYPE,
            )
        )
    try:
        key = PublicKey.parse(f"{match['kind']} {match['key']}")
    except SignatureInvalid as error:
        raise SendersInvalid(
            sentence(
                "{where}: {name} cannot be used: {error}",
                where=where,
                name=match["name"],
                error=error,
            )
        ) from None
    options = dict(_options(match["options"] or "", where))
    if NAMESPACE not in options.get("namespaces", NAMESPACE).split(","):
        raise SendersInvalid(
            sentence(
                "{where}: {name} may not sign for {namespace}",
                where=where,
                name=match["name"],
                namespace=NAMESPACE,
            )
        )
    after, before = (
        _instant(options[name], where) if name in options else None
        for name in ("valid-after", "valid-before")
    )
    return Sender(match["name"], key, after, before)


def _options(text: str, where: str) -> Iterator[tuple[str, str]]:
    while text:
        match = _OPTION.match(text)
        if match is None or text[match.end() :][:1] not in ("", ","):
            raise SendersInvalid(
                sentence(
                    '{where}: {text} is not a known option: namespaces="…", '
                    'valid-after="YYYYMMDD", valid-before="YYYYMMDD"',
                    where=where,
                    text=text,
                )
            )
        yield match[1].lower(), match[2]
        text = text[match.end() + 1 :]


def _instant(text: str, where: str) -> datetime:
    """Read a time as OpenSSH writes it, in Seoul unless it ends in Z."""
    digits = text.removesuffix("Z")
    try:
        naive = datetime.strptime(digits, _INSTANTS[len(digits)])  # noqa: DTZ007 the zone follows
    except (KeyError, ValueError):
        raise SendersInvalid(
            sentence(
                "{where}: {text} is not a time; write YYYYMMDD or YYYYMMDDHHMM",
                where=where,
                text=text,
            )
        ) from None
    return naive.replace(tzinfo=UTC if text.endswith("Z") else _SEOUL)

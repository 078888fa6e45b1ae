"""A revision keeps what its sender signed, and verifying checks it again, whatever was changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from adapters.postgres.signatures import kept_signatures, last_delivery_no
from adapters.postgres.verification.signatures import signatures, untrusted_signatures
from adapters.signatures.senders import Sender, Senders
from adapters.signatures.sshsig import PublicKey
from tests.adapters.ledger_world import (
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    as_owner,
    database_of_its_own,
    deliver,
)
from tests.signing import Signer


@pytest.fixture(scope="module")
def owner(server_url: str, migrated_template: str) -> Iterator[Engine]:
    """The owner's engine on a database with an unsigned September and two signed Octobers."""
    with database_of_its_own(server_url, migrated_template) as url, as_owner(url) as engine:
        for month in (SEPTEMBER, OCTOBER, OCTOBER):
            with engine.begin() as connection:
                deliver(connection, "ab", month=month)
        yield engine


@pytest.fixture
def tampering(owner: Engine) -> Iterator[Connection]:
    """A connection with every guard of what is tampered with off."""
    with owner.connect() as connection:
        for table in ("revision", "revision_signature"):
            connection.execute(text(f"ALTER TABLE growth_points.{table} DISABLE TRIGGER ALL"))
        yield connection


def told(connection: Connection) -> list[str]:
    return [each.sentence for each in signatures(connection)]


def test_the_last_number_of_a_month_is_its_highest(owner: Engine) -> None:
    with owner.connect() as connection:
        last = [last_delivery_no(connection, each) for each in (SEPTEMBER, OCTOBER, NOVEMBER)]
        assert last == [0, 2, 0]
        assert told(connection) == []


_OTHER = Signer().sign(b"something else").decode()
CHANGES = {
    "the manifest": (
        "revision_signature SET manifest = manifest || ' '",
        "2026-10 revision 2: its signature does not prove it: the key SHA256:",
    ),
    "the signature": (f"revision_signature SET signature = '{_OTHER}'", "made with another key"),
    "no signature": ("revision_signature SET signature = 'none'", "not the text that ssh-keygen"),
    "the key": (
        f"revision_signature SET public_key = '{Signer().public}'",
        "it was made with another key",
    ),
    "a key that is none": (
        f"revision_signature SET public_key = 'ssh-ed25519 {'A' * 68}'",
        "its key is of type",
    ),
    "the number": (
        "revision_signature SET delivery_no = 3 WHERE delivery_no = 2",
        "it is of delivery 2, not 3",
    ),
    "the order": (
        "revision SET revision_no = 10 - revision_no",
        "it is signed as delivery 1, after delivery 2",
    ),
    "the content": (
        "revision SET content_hash = repeat('1', 64)",
        "the files that it names are not those that were ingested",
    ),
    "the month": (
        "revision SET settlement_month = settlement_month + interval '2 months'",
        "it is for the month 2026-10, not for 2026-12",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_is_named(tampering: Connection, change: str, sentence: str) -> None:
    tampering.execute(text(f"UPDATE growth_points.{change}"))
    assert any(sentence in each for each in told(tampering)), told(tampering)


def test_whoever_signs_a_forged_delivery_must_be_listed(owner: Engine, tmp_path: Path) -> None:
    with owner.connect() as connection:
        kept = list(kept_signatures(connection))
        listed = [Sender(each.sender, PublicKey.parse(each.public_key)) for each in kept]
        assert _untrusted(connection, tmp_path, *listed) == []
        (sentence,) = _untrusted(connection, tmp_path, listed[0])
        assert (
            "2026-10 revision 2: it is signed by settlements@market.example with a key" in sentence
        )
        renamed = Sender("somebody else", listed[1].key)
        assert len(_untrusted(connection, tmp_path, listed[0], renamed)) == 1


def test_a_key_that_was_valid_then_is_still_trusted(owner: Engine, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with owner.connect() as connection:
        keys = [PublicKey.parse(each.public_key) for each in kept_signatures(connection)]
        name = "settlements@market.example"
        soon = [Sender(name, key, valid_before=now + timedelta(minutes=1)) for key in keys]
        assert _untrusted(connection, tmp_path, *soon) == []
        before = [Sender(name, key, valid_before=now - timedelta(days=1)) for key in keys]
        assert len(_untrusted(connection, tmp_path, *before)) == 2


def test_an_unsigned_revision_after_signed_ones_is_named(
    tampering: Connection, tmp_path: Path
) -> None:
    tampering.execute(text("DELETE FROM growth_points.revision_signature WHERE delivery_no = 2"))
    kept = list(kept_signatures(tampering))
    listed = [Sender(each.sender, PublicKey.parse(each.public_key)) for each in kept]
    (sentence,) = _untrusted(tampering, tmp_path, *listed)
    assert "the current revision of 2026-10, 2, is not signed" in sentence


def _untrusted(connection: Connection, folder: Path, *listed: Sender) -> list[str]:
    senders = Senders(folder / "senders", listed)
    return [each.sentence for each in untrusted_signatures(connection, senders)]

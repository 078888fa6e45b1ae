"""Where senders are listed, only what one of them signed, whole and unchanged, is read."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapters.ingest.delivery import Delivery, DeliveryRefused, find_delivery
from adapters.ingest.signed_manifest import SIGNATURE, TrustedSenders
from adapters.signatures.senders import SendersInvalid, read_senders
from adapters.signatures.sshsig import Signature, SignatureInvalid
from domain.months import SettlementMonth
from tests.deliveries import MONTH, SmallDelivery
from tests.signing import NAME, Signer, armored, string
from tests.spec.tables import DOCS

AT = datetime(2026, 11, 3, 9, tzinfo=ZoneInfo("Asia/Seoul"))
SIGNER = Signer()
STRANGER = Signer("somebody else")


@pytest.fixture
def delivery(tmp_path: Path) -> SmallDelivery:
    """A delivery that its sender signed."""
    delivery = SmallDelivery(tmp_path / "settlements").write(manifest=True)
    sign(delivery)
    return delivery


def manifest(delivery: SmallDelivery) -> Path:
    return delivery.folder / "manifest.json"


def sign(delivery: SmallDelivery, signer: Signer = SIGNER, **parts: bytes) -> None:
    signature = signer.sign(manifest(delivery).read_bytes(), **parts)
    (delivery.folder / SIGNATURE).write_bytes(signature)


def change(delivery: SmallDelivery, **facts: object) -> None:
    """Change the manifest, and leave the signature of the former one."""
    said = json.loads(manifest(delivery).read_text())
    manifest(delivery).write_text(json.dumps(said | facts))


def trusted(delivery: SmallDelivery, *lines: str, at: datetime = AT) -> TrustedSenders:
    file = delivery.root.with_name("senders")
    file.write_text("# who may sign\n\n" + "".join(lines or (SIGNER.line(),)))
    return TrustedSenders(read_senders(file), at)


def found(delivery: SmallDelivery, *lines: str) -> Delivery[SettlementMonth]:
    return find_delivery(str(delivery.root), MONTH, trusted=trusted(delivery, *lines))


def refused(delivery: SmallDelivery, *lines: str) -> dict[str, str]:
    with pytest.raises(DeliveryRefused) as refusal:
        found(delivery, *lines)
    return {each.rule: each.sentence for each in refusal.value.findings}


def test_a_signed_delivery_is_found_with_its_proof(delivery: SmallDelivery) -> None:
    signed = found(delivery).signed
    assert signed is not None
    assert signed.sender == SIGNER.sender
    assert signed.manifest == manifest(delivery).read_bytes()
    assert signed.delivery_no == 1
    assert set(signed.hashes) == {"settlements.csv", "sellers.csv"}


def test_without_senders_a_signature_is_not_looked_at(delivery: SmallDelivery) -> None:
    (delivery.folder / SIGNATURE).write_bytes(b"nonsense")
    assert find_delivery(str(delivery.root), MONTH).signed is None


def test_a_signature_does_not_change_what_the_content_is(delivery: SmallDelivery) -> None:
    before = find_delivery(str(delivery.root), MONTH).content_hash
    assert found(delivery).content_hash == before


def _swap(delivery: SmallDelivery) -> None:
    first, second = delivery.folder / "settlements.csv", delivery.folder / "settlements-2.csv"
    aside = first.rename(delivery.folder / "aside")
    second.rename(first)
    aside.rename(second)


def _two_files(delivery: SmallDelivery) -> None:
    """Sign a delivery of two files, then exchange their contents."""
    text = (delivery.folder / "settlements.csv").read_text().splitlines(keepends=True)
    names = {"settlements.csv": text[:3], "settlements-2.csv": [text[0], *text[3:]]}
    for name, lines in names.items():
        (delivery.folder / name).write_text("".join(lines))
    change(
        delivery,
        files=[
            {
                "name": name,
                "rows": len(lines) - 1,
                "payment_amount_krw": 0,
                "sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
            }
            for name, lines in names.items()
        ],
    )
    sign(delivery)
    found(delivery)
    _swap(delivery)


def _append(name: str, content: bytes) -> Callable[[SmallDelivery], None]:
    def attack(delivery: SmallDelivery) -> None:
        with (delivery.folder / name).open("ab") as file:
            file.write(content)

    return attack


def _copied(name: str) -> Callable[[SmallDelivery], object]:
    return lambda it: shutil.copy(it.folder / "settlements.csv", it.folder / name)


def _a_file_of_one_store(delivery: SmallDelivery) -> None:
    (delivery.folder / "seller_id=x").mkdir()
    _copied("seller_id=x/settlements.csv")(delivery)


def _signed_again(**facts: object) -> Callable[[SmallDelivery], None]:
    def attack(delivery: SmallDelivery) -> None:
        change(delivery, **facts)
        sign(delivery)

    return attack


def _without_hash(delivery: SmallDelivery) -> None:
    delivery.declare({"sha256": None})
    sign(delivery)


def _other_month(delivery: SmallDelivery) -> None:
    folder = delivery.root / str(MONTH - 1)
    delivery.folder.rename(folder)
    _signed_again_in(folder, settlement_month=str(MONTH - 1))
    folder.rename(delivery.folder)


def _signed_again_in(folder: Path, **facts: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
    (folder / SIGNATURE).write_bytes(SIGNER.sign(path.read_bytes()))


def _signature(content: bytes) -> Callable[[SmallDelivery], object]:
    return lambda it: (it.folder / SIGNATURE).write_bytes(content)


def _as_folder(delivery: SmallDelivery) -> None:
    (delivery.folder / SIGNATURE).unlink()
    (delivery.folder / SIGNATURE).mkdir()


def _as_pipe(delivery: SmallDelivery) -> None:
    (delivery.folder / SIGNATURE).unlink()
    os.mkfifo(delivery.folder / SIGNATURE)


_RSA = string(b"ssh-rsa") + string(b"\x03") + string(b"\0" * 64)

ATTACKS: dict[str, tuple[Callable[[SmallDelivery], object], str, str]] = {
    "no signature": (
        lambda it: (it.folder / SIGNATURE).unlink(),
        "delivery_unsigned",
        "manifest.json.sig: the delivery has no manifest.json.sig, and only signed ones",
    ),
    "no manifest": (lambda it: manifest(it).unlink(), "delivery_unsigned", "has no manifest.json,"),
    "the manifest changed": (
        lambda it: change(it, delivery_no=2),
        "signature_invalid",
        "did not sign these bytes. Have the sender sign this manifest.json: ssh-keygen -Y sign",
    ),
    "a space added to the manifest": (
        _append("manifest.json", b" "),
        "signature_invalid",
        SIGNER.public.fingerprint,
    ),
    "a line added to a file": (
        _append("sellers.csv", b"store-d,2026-05-20,NORMAL,false,false,false,false\n"),
        "file_unlike_signed",
        f"sellers.csv: it is not the file that {NAME} signed",
    ),
    "two files exchanged": (_two_files, "file_unlike_signed", "it is not the file that"),
    "a file added": (
        _copied("settlements-2.csv"),
        "manifest_incomplete",
        "does not name settlements-2.csv",
    ),
    "a file added for one store": (
        _a_file_of_one_store,
        "manifest_incomplete",
        "does not name seller_id=x/settlements.csv",
    ),
    "a file under another ending": (_copied("more.part"), "file_unrecognized", "more.part"),
    "a file removed": (
        lambda it: (it.folder / "sellers.csv").unlink(),
        "manifest_file_absent",
        "it names sellers.csv",
    ),
    "another month's delivery": (_other_month, "manifest_month", "it is for the month 2026-09"),
    "no hash of a file": (
        _without_hash,
        "manifest_unhashed",
        f"{NAME} signed a manifest.json without the sha256 of settlements.csv",
    ),
    "a hash of nothing": (_signed_again(files=[]), "manifest_incomplete", "settlements.csv"),
    "numbered zero": (_signed_again(delivery_no=0), "manifest_malformed", "delivery_no"),
    "numbered in words": (_signed_again(delivery_no="2"), "manifest_malformed", "delivery_no"),
    "numbered without end": (
        _signed_again(delivery_no=10**30),
        "manifest_malformed",
        "delivery_no",
    ),
    "signed by a stranger": (
        lambda it: sign(it, STRANGER),
        "sender_unknown",
        f"the key {STRANGER.public.fingerprint}, which",
    ),
    "a stranger's signature under the sender's key": (
        lambda it: sign(it, STRANGER, key=string(b"ssh-ed25519") + string(SIGNER.public.content)),
        "signature_invalid",
        "did not sign",
    ),
    "signed for something else": (
        lambda it: sign(it, namespace=b"git"),
        "signature_invalid",
        "it was made for 'git'; sign with ssh-keygen -n growth-points",
    ),
    "a hash that is broken": (lambda it: sign(it, hash_name=b"md5"), "signature_invalid", "'md5'"),
    "a key of another type": (
        lambda it: sign(it, key=_RSA),
        "signature_invalid",
        "its key is of type 'ssh-rsa', not ssh-ed25519",
    ),
    "a signature of another type": (
        lambda it: sign(it, made=string(b"rsa-sha2-512") + string(b"\0" * 256)),
        "signature_invalid",
        "it is of type 'rsa-sha2-512'",
    ),
    "a key that is too short": (
        lambda it: sign(it, key=string(b"ssh-ed25519") + string(b"\0" * 31)),
        "signature_invalid",
        "damaged",
    ),
    "a signature that is too short": (
        lambda it: sign(it, made=string(b"ssh-ed25519") + string(b"\0" * 63)),
        "signature_invalid",
        "did not sign",
    ),
    "an empty signature": (_signature(b""), "signature_invalid", "not the text"),
    "a huge signature": (
        lambda it: os.truncate(it.folder / SIGNATURE, 2**33),
        "signature_invalid",
        "more than 4,096 bytes",
    ),
    "a signature that is no text": (_signature(b"\xff\0" * 9), "signature_invalid", "not the text"),
    "a PGP signature": (
        _signature(b"-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----"),
        "signature_invalid",
        "not the text that ssh-keygen -Y sign writes",
    ),
    "nothing in the armor": (_signature(armored(b"")), "signature_invalid", "damaged"),
    "a length beyond the end": (
        _signature(armored(b"SSHSIG\0\0\0\1\xff\xff\xff\xff")),
        "signature_invalid",
        "cut short",
    ),
    "another version": (_signature(armored(b"SSHSIG\0\0\0\2")), "signature_invalid", "version 1"),
    "a folder as signature": (_as_folder, "signature_invalid", "not an ordinary file"),
    "a pipe as signature": (_as_pipe, "signature_invalid", "not an ordinary file"),
}


@pytest.mark.parametrize(("attack", "rule", "sentence"), ATTACKS.values(), ids=ATTACKS)
def test_what_the_sender_did_not_sign_is_refused(
    delivery: SmallDelivery, attack: Callable[[SmallDelivery], object], rule: str, sentence: str
) -> None:
    attack(delivery)
    told = refused(delivery)
    assert rule in told, told
    assert sentence in told[rule]


def test_no_changed_byte_of_a_signature_is_taken_for_it(delivery: SmallDelivery) -> None:
    message = manifest(delivery).read_bytes()
    signature = (delivery.folder / SIGNATURE).read_bytes()
    for place, byte in enumerate(signature):
        if byte == ord("\n"):  # lines may end in any way
            continue
        other = signature[:place] + bytes([byte ^ 1]) + signature[place + 1 :]
        with pytest.raises(SignatureInvalid):
            Signature.parse(other).verify(message)


def test_no_changed_byte_of_what_it_holds_is_taken_for_it(delivery: SmallDelivery) -> None:
    message = manifest(delivery).read_bytes()
    blob = SIGNER.blob(message)
    Signature.parse(armored(blob)).verify(message)
    for place, byte in enumerate(blob):
        other = blob[:place] + bytes([byte ^ 1]) + blob[place + 1 :]
        with pytest.raises(SignatureInvalid):
            Signature.parse(armored(other)).verify(message)
    for cut in range(len(blob)):
        with pytest.raises(SignatureInvalid):
            Signature.parse(armored(blob[:cut]))
    with pytest.raises(SignatureInvalid, match="follow its end"):
        Signature.parse(armored(blob + b"\0"))


VALIDITY = {
    "from before on": ('valid-after="20261101"', None),
    "until later": ('valid-before="202612010000"', None),
    "to the second, in UTC": ('valid-after="20261103000000Z"', None),
    "from later on": ('valid-after="20261104"', "is valid only after 2026-11-04 00:00 KST"),
    "until before": ('valid-before="20261103"', "was valid only before 2026-11-03 00:00 KST"),
    "until now": ('valid-before="202611030000Z"', "was valid only before 2026-11-03 00:00 UTC"),
    "in between": ('valid-after="20261101",valid-before="20261102"', "was valid only before"),
    "for this, too": ('namespaces="file,growth-points"', None),
}


@pytest.mark.parametrize(("options", "reason"), VALIDITY.values(), ids=VALIDITY)
def test_a_key_is_valid_between_its_instants(
    delivery: SmallDelivery, options: str, reason: str | None
) -> None:
    if reason is None:
        assert found(delivery, SIGNER.line(options)).signed is not None
    else:
        assert reason in refused(delivery, SIGNER.line(options))["sender_not_valid"]


def test_a_key_may_be_listed_again_with_other_instants(delivery: SmallDelivery) -> None:
    lines = SIGNER.line('valid-before="20250101"'), SIGNER.line('valid-after="20261101"')
    assert found(delivery, *lines).signed is not None


SENDERS = {
    "empty": (b"", "lists no sender"),
    "nothing but comments": (b"# nobody\n\n", "lists no sender"),
    "Latin-1": (b"caf\xe9 ssh-ed25519 AAAA\n", "cannot be read as UTF-8"),
    "no key": (b"\nacme\n", ":2: write a name and a public key: NAME ssh-ed25519 AAAA"),
    "a key without a name": (f"{SIGNER.public}\n".encode(), ":1: write a name"),
    "an RSA key": (b"acme ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB\n", "type 'ssh-rsa', not ssh-ed25519"),
    "a damaged key": (f"acme {SIGNER.public}".encode()[:-3], "damaged"),
    "a key of something else": (b"acme ssh-ed25519 AAAAB3NzaC1yc2EAAAAA\n", "cannot be used"),
    "a private key": (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", ":1: write a name"),
    "an authority": (SIGNER.line("cert-authority").encode(), "not a known option"),
    "a misspelt option": (
        SIGNER.line('valid-befor="20270101"').encode(),
        "not a known option",
    ),
    "no date": (SIGNER.line('valid-before="2027-01-01"').encode(), "write YYYYMMDD"),
    "no day of any month": (SIGNER.line('valid-before="20270230"').encode(), "write YYYYMMDD"),
    "for something else": (SIGNER.line('namespaces="git"').encode(), "may not sign for"),
}


@pytest.mark.parametrize(("content", "sentence"), SENDERS.values(), ids=SENDERS)
def test_a_file_of_senders_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "senders").write_bytes(content)
    with pytest.raises(SendersInvalid) as refusal:
        read_senders(tmp_path / "senders")
    assert sentence in str(refusal.value)
    assert str(tmp_path / "senders") in str(refusal.value)


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_file_of_senders_that_cannot_be_opened_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(SendersInvalid, match=r"the file of senders, .* cannot be read: "):
        read_senders(tmp_path / name)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_what_ssh_keygen_signs_is_read(delivery: SmallDelivery, tmp_path: Path) -> None:
    key = tmp_path / "key"
    _ssh("-q", "-t", "ed25519", "-N", "", "-C", "their comment", "-f", key)
    with manifest(delivery).open("rb") as signed, (delivery.folder / SIGNATURE).open("wb") as made:
        _ssh("-Y", "sign", "-n", "growth-points", "-f", key, stdin=signed, stdout=made)
    line = f"acme {key.with_suffix('.pub').read_text()}"
    signature = found(delivery, line).signed
    assert signature is not None
    shown = _ssh("-l", "-f", key.with_suffix(".pub"), stdout=subprocess.PIPE)
    assert signature.sender.key.fingerprint in shown


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_what_tests_sign_is_what_ssh_keygen_verifies(delivery: SmallDelivery) -> None:
    senders = trusted(delivery).senders.file
    signature, verify = delivery.folder / SIGNATURE, ("-Y", "verify", "-n", "growth-points")
    with manifest(delivery).open("rb") as signed:
        told = _ssh(
            *(*verify, "-f", senders, "-I", NAME, "-s", signature),
            stdin=signed,
            stdout=subprocess.PIPE,
        )
    assert told.startswith('Good "growth-points" signature')


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_the_commands_in_the_document_work_as_they_stand(tmp_path: Path) -> None:
    SmallDelivery(tmp_path).write(manifest=True)
    section = (
        (DOCS / "settlement-format.md").read_text("utf-8").partition("## Signed deliveries")[2]
    )
    commands = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert len(commands) == 3
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(  # noqa: S603 the words are the document's
        ["sh", "-e", "-c", "".join(commands)],  # noqa: S607
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "2026-10 would be accepted" in ran.stdout


def _ssh(*words: str | Path, stdin: object = None, stdout: object = None) -> str:
    ran = subprocess.run(  # type: ignore[call-overload] # noqa: S603 the words are the test's own
        ["ssh-keygen", *map(str, words)],  # noqa: S607
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return (ran.stdout or b"").decode()

"""With senders listed, months are ingested and closed only from what one of them signed."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.command_line import Line, Marketplace, Store, midmonth
from tests.signing import NAME, Signer

MONTH = "2024-08"
STORES = (Store("maru", "2024-04-10"),)


@dataclass
class SignedShop:
    """A marketplace whose deliveries must be signed."""

    shop: Marketplace
    senders: Path
    signer: Signer

    def deliver(self, amount_krw: int, *, signed: bool = True, **facts: object) -> None:
        """Put a month's files in place, with a manifest."""
        self.shop.deliver(MONTH, [Line("maru", amount_krw, midmonth(MONTH))], STORES)
        folder = self.shop.root / MONTH
        said = {
            "settlement_month": MONTH,
            "files": [_entry(folder / "settlements.csv", payment_amount_krw=amount_krw)],
            "sellers": _entry(folder / "sellers.csv"),
            **facts,
        }
        (folder / "manifest.json").write_text(json.dumps(said))
        signature = folder / "manifest.json.sig"
        signature.unlink(missing_ok=True)
        if signed:
            signature.write_bytes(self.signer.sign((folder / "manifest.json").read_bytes()))

    def refused(self, *words: str) -> str:
        """Run a command that must be refused."""
        ran = self.shop.run(*words)
        assert ran.exit_code == 1, ran.stdout
        assert "Traceback" not in ran.stderr
        return ran.stderr


def _entry(path: Path, **facts: object) -> dict[str, object]:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"name": path.name, "rows": 1, "sha256": sha256, **facts}


@pytest.fixture
def it(marketplace: Marketplace, tmp_path: Path) -> SignedShop:
    signer, senders = Signer(), tmp_path / "senders"
    senders.write_text(signer.line())
    shop = replace(marketplace, variables={"GROWTH_POINTS_SENDERS": str(senders)})
    return SignedShop(shop, senders, signer)


def test_a_signed_month_is_ingested_once_and_verified(it: SignedShop) -> None:
    it.deliver(1_000_000)
    assert f"{MONTH} would be accepted" in it.shop.done("check", str(it.shop.root / MONTH)).stdout
    it.shop.done("ingest", MONTH)
    assert it.shop.row_counts()["revision_signature"] == 1
    assert "same content already" in it.shop.done("ingest", MONTH).stdout
    it.shop.done("verify")


def test_an_unsigned_month_is_refused_and_its_refusal_recorded(it: SignedShop) -> None:
    it.deliver(1_000_000, signed=False)
    assert "only signed ones are accepted" in it.refused("ingest", MONTH)
    assert "only signed ones" in it.shop.run("check", str(it.shop.root / MONTH)).stdout
    (run,) = it.shop.done("history", MONTH, "--output", "csv").rows()
    assert run["result"] == "refused"
    assert "manifest.json.sig: the delivery has no manifest.json.sig" in run["difference"]
    assert it.shop.row_counts()["revision"] == 0


def test_without_the_setting_unsigned_months_are_ingested_as_ever(it: SignedShop) -> None:
    it.deliver(1_000_000, signed=False)
    open_to_all = replace(it.shop, variables={})
    open_to_all.done("ingest", MONTH)
    it.deliver(2_000_000)
    open_to_all.done("ingest", MONTH)
    assert open_to_all.row_counts()["revision_signature"] == 0
    it.shop.done("verify")


def test_an_older_signed_delivery_that_is_sent_again_is_refused(it: SignedShop) -> None:
    it.deliver(1_000_000)
    it.shop.done("ingest", MONTH)
    it.deliver(2_000_000, delivery_no=2)
    it.shop.done("ingest", MONTH)

    it.deliver(1_000_000)
    told = it.refused("ingest", MONTH)
    assert f"{NAME} signed it as delivery 1, after delivery 2; nothing was written" in told
    assert '"delivery_no": 3' in told
    assert it.shop.row_counts()["revision"] == 2
    last = it.shop.done("history", MONTH, "--output", "csv").rows()[-1]
    assert (last["result"], last["difference"][:13]) == ("refused", "this delivery")

    it.deliver(1_000_000, delivery_no=3)
    it.shop.done("ingest", MONTH)
    it.shop.done("verify")


def test_verify_names_a_key_that_is_no_longer_listed(it: SignedShop) -> None:
    it.deliver(1_000_000)
    it.shop.done("ingest", MONTH)
    it.senders.write_text(Signer("another").line())
    ran = it.shop.run("verify")
    assert ran.exit_code == 1
    assert f"signatures: {MONTH} revision 1: it is signed by {NAME} with a key" in ran.stdout


def test_a_file_of_senders_that_is_gone_is_wrong_usage(it: SignedShop) -> None:
    it.deliver(1_000_000)
    it.senders.unlink()
    for words in (("ingest", MONTH), ("verify",), ("check", str(it.shop.root / MONTH))):
        ran = it.shop.run(*words)
        assert ran.exit_code == 2
        assert "the file of senders" in ran.stderr

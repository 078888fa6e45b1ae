"""Closings and payouts publish the ledger head; verifying compares it with the chain."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from adapters.heads.file import HeadFile
from tests.command_line import Marketplace
from tests.three_stores import OCTOBER, OCTOBER_DUE_ON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "heads.jsonl"


@pytest.fixture
def shop(with_history: Marketplace, path: Path) -> Marketplace:
    """The three stores, August and September ingested, heads going to a file."""
    return publishing(with_history, str(path))


def publishing(shop: Marketplace, *places: str) -> Marketplace:
    return replace(shop, variables={"GROWTH_POINTS_HEADS": ",".join(places)})


def tamper(shop: Marketplace, statement: str) -> None:
    engine = create_engine(shop.database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE growth_points.seal DISABLE TRIGGER ALL"))
        connection.execute(text(statement))
    engine.dispose()


def test_a_closing_and_a_payout_each_publish_the_head(shop: Marketplace, path: Path) -> None:
    shop.done("close", OCTOBER, "--preview")
    assert not path.exists()
    shop.done("close", OCTOBER)
    (closed,) = HeadFile(path).read()
    assert f"ledger head: {closed.seal_no} {closed.hash}" in shop.done("verify").stdout
    shop.done("pay-out", "--on", OCTOBER_DUE_ON)
    first, paid = HeadFile(path).read()
    assert (first, paid.after) == (closed, closed.seal_no)
    told = shop.done("verify").stdout
    assert f"ledger head: {paid.seal_no} {paid.hash}" in told
    assert f"heads in {path}: 2, up to seal {paid.seal_no} of {paid.seal_no}.\n" in told


def test_verify_says_which_part_of_the_chain_no_head_covers(shop: Marketplace, path: Path) -> None:
    assert f"heads in {path}: 0, up to seal 0 of" in shop.done("verify").stdout
    shop.done("close", OCTOBER)
    (closed,) = HeadFile(path).read()
    replace(shop, variables={}).done("pay-out", "--on", OCTOBER_DUE_ON)
    told = shop.done("verify").stdout
    assert f"up to seal {closed.seal_no} of " in told
    assert f"nothing outside covers seals {closed.seal_no + 1} to " in told


def test_a_place_that_fails_is_a_warning_and_the_next_head_covers_what_it_lacks(
    with_history: Marketplace, path: Path
) -> None:
    hook, store, missing = "http://127.0.0.1:9/token", "s3://no-bucket/x", path / "no" / "heads"
    shop = publishing(with_history, str(missing), hook, store, str(path))
    shop = replace(
        shop,
        variables={
            **shop.variables,
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "hunter2",
        },
    )
    ran = shop.done("close", OCTOBER)
    (closed,) = HeadFile(path).read()
    shown = "".join(ran.stderr.split())  # the terminal breaks lines anywhere
    for name in (str(missing), "thewebhookat127.0.0.1", store):
        assert f"theledgerhead{closed.seal_no}isnotin{name}:" in shown
    assert "Whatwasrecordediscomplete;thenextclosingorpayoutpublishes" in shown
    assert "token" not in shown
    assert "hunter2" not in shown

    told = shop.done("verify").stdout
    assert f"heads in {store}: it cannot be read: " in told
    assert "heads in the webhook at 127.0.0.1: it cannot be asked; compare what it received" in told

    again = publishing(with_history, f"{path}-2", str(path))
    again.done("pay-out", "--on", OCTOBER_DUE_ON)
    (late,) = HeadFile(Path(f"{path}-2")).read()
    assert late.after == 0
    assert late.seal_no == HeadFile(path).read()[-1].seal_no


def test_verify_names_heads_that_the_chain_does_not_have(shop: Marketplace, path: Path) -> None:
    shop.done("close", OCTOBER)
    (closed,) = HeadFile(path).read()
    path.write_bytes(replace(closed, hash="0" * 64).line())
    ran = shop.run("verify")
    assert ran.exit_code == 1
    assert (
        f"chain: {path} has {'0' * 64} as the head at seal {closed.seal_no}, which is "
        f"{closed.hash} of this database"
    ) in ran.stdout

    path.write_bytes(closed.line())
    shop.done("verify")
    tamper(shop, "DELETE FROM growth_points.seal")
    ran = shop.run("verify")
    assert ran.exit_code == 1
    assert f"{path} has {closed.hash} as the head at seal {closed.seal_no}, which" in ran.stdout


def test_verify_names_a_head_that_was_removed_outside(shop: Marketplace, path: Path) -> None:
    shop.done("close", OCTOBER)
    shop.done("pay-out", "--on", OCTOBER_DUE_ON)
    closed, paid = HeadFile(path).read()
    path.write_bytes(paid.line())
    ran = shop.run("verify")
    assert ran.exit_code == 1
    assert f"{path} lost head {closed.seal_no}, which head {paid.seal_no} followed" in ran.stdout


def test_a_place_that_is_none_is_wrong_usage(shop: Marketplace) -> None:
    ran = publishing(shop, "s3://key:hunter2@heads/x").run("verify")
    assert ran.exit_code == 2
    assert ran.stderr.startswith("growth-points: GROWTH_POINTS_HEADS: the s3 address of heads")
    assert "hunter2" not in ran.stderr

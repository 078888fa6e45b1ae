"""The demo keeps what the environment says of payouts, and names what it does not use."""

import os
from pathlib import Path

import pytest

from console.demo import Demo

KEPT = {"GROWTH_POINTS_APPROVAL": "1000000", "GROWTH_POINTS_LANGUAGE": "ko"}
REPLACED = {"GROWTH_POINTS_HOME": "/elsewhere", "GROWTH_POINTS_SETTLEMENTS": "/elsewhere"}


def test_the_demo_keeps_approvals_and_holidays_and_names_what_it_does_not_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holidays = {"GROWTH_POINTS_HOLIDAYS": str(tmp_path / "holidays")}
    unused = {"GROWTH_POINTS_DATABASE_URL": "postgresql://nobody@nowhere/x"}
    for name, value in {**KEPT, **holidays, **unused, **REPLACED}.items():
        monkeypatch.setenv(name, value)

    Demo(tmp_path).enter()

    assert {**os.environ, **KEPT, **holidays} == dict(os.environ)
    assert os.environ["GROWTH_POINTS_SETTLEMENTS"] == str(Demo(tmp_path).root)
    assert "GROWTH_POINTS_DATABASE_URL" not in os.environ
    said = capsys.readouterr().err
    assert "GROWTH_POINTS_DATABASE_URL, GROWTH_POINTS_SETTLEMENTS 설정은 사용하지 않습니다" in said


def test_the_demo_says_nothing_where_it_uses_every_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in REPLACED:
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("GROWTH_POINTS_DATABASE_URL", raising=False)

    Demo(tmp_path).enter()

    assert capsys.readouterr().err == ""

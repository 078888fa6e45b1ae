"""Settings that cannot work are refused by name, before anything is done."""

import os

import pytest

from flows.settings import Settings, SettingsInvalid

NO_HOMES = {
    "a question mark": "/srv/points?",
    "a question mark above": "/srv/a?b/points",
    "a relative one": "points?",
    "Latin-1": os.fsdecode(b"/srv/caf\xe9"),
    "CP949": os.fsdecode("/srv/포인트".encode("cp949")),
}


@pytest.mark.parametrize("home", NO_HOMES.values(), ids=NO_HOMES)
def test_a_home_that_not_all_can_name_is_refused(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_HOME", home)
    with pytest.raises(SettingsInvalid, match=r"^GROWTH_POINTS_HOME: ") as refused:
        Settings.read()
    str(refused.value).encode()


@pytest.mark.parametrize("home", ["my home", "포인트", "a,b;$(c)", "100%", "#1", "a\nb"])
def test_any_other_home_is_taken(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROWTH_POINTS_HOME", home)
    assert str(Settings.read().home) == home

"""Settings that cannot work are refused by name, before anything is done."""

import os
from pathlib import Path

import pytest

from adapters.languages.catalog import say
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


TOKEN = "0123456789abcdef-secret"  # noqa: S105 opens nothing
URLS = {
    "plain HTTP": f"http://ads.example/{TOKEN}",
    "a user": f"https://me:{TOKEN}@ads.example",
    "an empty user": "https://@ads.example",
    "a parameter": f"https://ads.example/?token={TOKEN}",
    "a fragment": f"https://ads.example/#{TOKEN}",
    "no host": f"https:///{TOKEN}",
    "another scheme": f"ftp://ads.example/{TOKEN}",
    "no scheme": f"ads.example/{TOKEN}",
    "a port that is none": f"https://ads.example:{TOKEN}",
    "a blank": f"https://ads.example/{TOKEN} ",
    "brackets": f"https://[ads/{TOKEN}",
    "a host that looks like this machine": f"http://127.0.0.1.example/{TOKEN}",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_an_ad_system_is_at_a_safe_address_without_secrets(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_AD_SYSTEM_URL", url)
    with pytest.raises(SettingsInvalid, match=r"^GROWTH_POINTS_AD_SYSTEM_URL: ") as refused:
        Settings.read()
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CLOSE_BY_DAY", "40", "'40' is not a whole number from 1 to 28"),
        ("CLOSE_BY_DAY", "0", "'0' is not a whole number from 1 to 28"),
        ("LOCK_TIMEOUT", "soon", "'soon' is not a whole number from 1 to 86,400"),
        ("LANGUAGE", "kr", "'kr' is not a language; write one of en, ko"),
        ("TELL", "closed,all", "'all' is none of closed, paid, approve"),
    ],
)
def test_what_a_setting_may_be_is_said_in_words_of_our_own(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"GROWTH_POINTS_{name}", value)
    with pytest.raises(SettingsInvalid) as refused:
        Settings.read()
    assert str(refused.value) == f"GROWTH_POINTS_{name}: {told}"
    assert value.rpartition(",")[2] in say(refused.value.args[0], "ko")
    assert told not in say(refused.value.args[0], "ko")


@pytest.mark.parametrize(
    "url",
    ["https://ads.example:8443/v1", "http://localhost:80", "http://[::1]", "http://127.0.0.1"],
)
def test_an_ad_system_may_be_on_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROWTH_POINTS_AD_SYSTEM_URL", url + "/")
    assert Settings.read().ad_system_url == url


@pytest.mark.parametrize(
    "token", ["short-secret", "a secret with blanks in it", "비밀비밀비밀비밀" * 3]
)
def test_a_token_that_cannot_be_one_is_refused_and_not_shown(
    token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_AD_SYSTEM_TOKEN", token)
    with pytest.raises(SettingsInvalid, match=r"^GROWTH_POINTS_AD_SYSTEM_TOKEN: ") as refused:
        Settings.read()
    assert token not in str(refused.value)

    monkeypatch.setenv("GROWTH_POINTS_AD_SYSTEM_TOKEN", "")
    (tmp_path / "token").write_text(token)
    monkeypatch.setenv("GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(SettingsInvalid, match=r"^GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE: ") as refused:
        Settings.read().ad_system_secret()
    assert token not in str(refused.value)


def test_the_token_comes_from_the_variable_or_a_file_and_not_from_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Settings.read().ad_system_secret() is None
    monkeypatch.setenv("GROWTH_POINTS_AD_SYSTEM_TOKEN", TOKEN)
    assert Settings.read().ad_system_secret() == TOKEN
    assert TOKEN not in repr(Settings.read())

    file = tmp_path / "token"
    monkeypatch.setenv("GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE", str(file))
    with pytest.raises(SettingsInvalid, match="unset one of them") as refused:
        Settings.read()
    assert TOKEN not in str(refused.value)

    monkeypatch.delenv("GROWTH_POINTS_AD_SYSTEM_TOKEN")
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        Settings.read().ad_system_secret()
    file.write_text(TOKEN + "\n")
    assert Settings.read().ad_system_secret() == TOKEN


@pytest.mark.parametrize(
    "address",
    [
        *("points.example", "//points.example", "http:///desk", "javascript:alert(1)", "file:///x"),
        *("http://[::1", "https://points.example/?a=b", "https://somebody@points.example/"),
    ],
)
def test_pages_are_served_at_an_address_that_a_browser_opens(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTH_POINTS_PAGES_URL", address)

    with pytest.raises(
        SettingsInvalid, match=r"^GROWTH_POINTS_PAGES_URL: .+ is not where pages are"
    ):
        Settings.read()


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:4201", "https://[::1]:80/a b/"])
def test_any_other_address_of_pages_is_taken(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROWTH_POINTS_PAGES_URL", address)

    assert Settings.read().pages_url == (address or None)

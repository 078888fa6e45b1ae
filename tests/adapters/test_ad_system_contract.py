"""The ad system's contract and the simulated ad system say the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

import adapters.ad_system
from domain.using.ad_credit import credit_id
from tests.ad_system import TOKEN, SimulatedAdSystem, simulated_ad_system

_FILE: Final = Path(adapters.ad_system.__file__).with_name("openapi.yaml")
_CONTRACT: Final[dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
_CREDITED: Final = credit_id("store", "credited")
_REFUSED: Final = credit_id("store", "refused")
_CONTENT: Final = {"account": "광고-1", "points": 1_000}
_ONE: Final = "/credits/{id}"
_LIST: Final = "/credits"
_DAY: Final = "?day=2026-11-30"

# method, path of the contract, the address asked, body, status, outcome
CASES: Final[list[tuple[str, str, str, Any, int, str | None]]] = [
    ("put", _ONE, f"/credits/{_CREDITED}", _CONTENT, 200, "credited"),
    ("put", _ONE, f"/credits/{_REFUSED}", _CONTENT | {"account": "closed"}, 200, "refused"),
    ("put", _ONE, f"/credits/{_CREDITED}", _CONTENT | {"points": 999}, 409, None),
    ("put", _ONE, f"/credits/{_CREDITED}", _CONTENT | {"account": "another"}, 409, None),
    ("put", _ONE, "/credits/new", _CONTENT | {"points": 0}, 400, None),
    ("put", _ONE, "/credits/new", _CONTENT | {"points": 1.5}, 400, None),
    ("put", _ONE, "/credits/new", _CONTENT | {"points": True}, 400, None),
    ("put", _ONE, "/credits/new", _CONTENT | {"account": ""}, 400, None),
    ("put", _ONE, "/credits/new", _CONTENT | {"account": "a" * 65}, 400, None),
    ("put", _ONE, "/credits/new", _CONTENT | {"more": 1}, 400, None),
    ("put", _ONE, "/credits/new", {"points": 1}, 400, None),
    ("put", _ONE, "/credits/new", [1, 2], 400, None),
    ("put", _ONE, "/credits/new", None, 400, None),
    ("get", _ONE, f"/credits/{_CREDITED}", None, 200, "credited"),
    ("get", _ONE, f"/credits/{_REFUSED}", None, 200, "refused"),
    ("get", _ONE, "/credits/new", None, 404, "unknown"),
    ("get", _LIST, f"/credits{_DAY}", None, 200, None),
    ("get", _LIST, f"/credits{_DAY}&after=1", None, 200, None),
    ("get", _LIST, "/credits?day=2026-11-29", None, 200, None),
    ("get", _LIST, "/credits", None, 400, None),
    ("get", _LIST, "/credits?day=2026-02-30", None, 400, None),
    ("get", _LIST, "/credits?day=20261130", None, 400, None),
    ("get", _LIST, f"/credits{_DAY}&day=2026-11-29", None, 400, None),
    ("get", _LIST, f"/credits{_DAY}&after=last", None, 400, None),
]
UNAUTHORIZED: Final = [
    ("put", _ONE, "/credits/new", _CONTENT),
    ("get", _ONE, f"/credits/{_CREDITED}", None),
    ("get", _LIST, f"/credits{_DAY}", None),
]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedAdSystem]:
    """One that credited two requests of a day, one to a page, and refused one."""
    with simulated_ad_system(tmp_path_factory.mktemp("contract"), page_size=1) as simulated:
        simulated.behave(now="2026-11-30T12:00:00+09:00", refuse=["closed"])
        refused = _CONTENT | {"account": "closed"}
        for name, content in (
            (_CREDITED, _CONTENT),
            ("second", _CONTENT),
            (_REFUSED, refused),
        ):
            _ask(simulated, "put", f"/credits/{name}", content).raise_for_status()
        yield simulated


def _ask(
    simulated: SimulatedAdSystem, method: str, address: str, body: object, token: str = TOKEN
) -> httpx.Response:
    content = None if body is None else json.dumps(body)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.request(
        method, simulated.url + address, content=content, headers=headers, trust_env=False
    )


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    found = _CONTRACT
    if "$ref" not in part:
        return part
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def _require_as_documented(method: str, path: str, answer: httpx.Response) -> None:
    documented = _CONTRACT["paths"][path][method]["responses"][str(answer.status_code)]
    schema = _resolved(documented)["content"]["application/json"]["schema"]
    whole = {"components": _CONTRACT["components"]} | schema
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(answer.json())
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[2][:40]} {case[4]}")
def test_each_answer_is_as_documented(
    process: SimulatedAdSystem, case: tuple[str, str, str, Any, int, str | None]
) -> None:
    method, path, address, body, status, outcome = case

    answer = _ask(process, method, address, body)

    assert answer.status_code == status, answer.text
    assert answer.json().get("outcome") == outcome
    _require_as_documented(method, path, answer)


@pytest.mark.parametrize(("method", "path", "address", "body"), UNAUTHORIZED)
@pytest.mark.parametrize("token", ["x", "another", TOKEN + "x"])
def test_another_token_gets_nothing(
    process: SimulatedAdSystem, method: str, path: str, address: str, body: object, token: str
) -> None:
    answer = _ask(process, method, address, body, token)

    assert answer.status_code == 401
    assert TOKEN not in answer.text
    _require_as_documented(method, path, answer)


def test_every_documented_answer_is_given() -> None:
    documented = {
        (method, path, int(status))
        for path, methods in _CONTRACT["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
        for status in operation["responses"]
    }
    given = {(method, path, status) for method, path, _, _, status, _ in CASES}
    given |= {(method, path, 401) for method, path, _, _ in UNAUTHORIZED}
    assert documented == given


def test_pages_follow_each_other(process: SimulatedAdSystem) -> None:
    first = _ask(process, "get", f"/credits{_DAY}", None).json()
    second = _ask(process, "get", f"/credits{_DAY}&after={first['next']}", None).json()

    assert [page["credits"][0]["id"] for page in (first, second)] == [_CREDITED, "second"]
    assert (first["after"], second["after"], second["next"]) == (None, first["next"], None)


def test_the_schemas_are_schemas_and_each_is_used() -> None:
    text = _FILE.read_text(encoding="utf-8")
    for name, schema in _CONTRACT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert f'"#/components/schemas/{name}"' in text, name

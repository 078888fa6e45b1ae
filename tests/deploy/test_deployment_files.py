"""What the deployment's files name exists: settings, commands, files, pins."""

import json
import os
import re
import subprocess
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import click
import pytest
import yaml

from adapters.postgres.rewards import RewardsStanding
from adapters.postgres.using import HeldConversions
from console.cli import cli
from flows.prefect.alarm_list import ALARMS
from flows.settings import Settings
from web.metrics import figures, held_figures, reward_figures, unclosed_figure

_ROOT = Path(__file__).parents[2]
_DEPLOY = _ROOT / "deploy"
_COMPOSE = yaml.safe_load((_DEPLOY / "compose.yaml").read_text())
_ONLY_FOR_COMPOSE = {
    f"GROWTH_POINTS_{login}_PASSWORD" for login in ("OWNER", "APP", "APPROVER", "READER", "STORES")
}
_TEXTS = sorted(
    [
        *_ROOT.glob("*.md"),
        *(_ROOT / "docs").rglob("*.md"),
        *_DEPLOY.glob("*.*"),
        _DEPLOY / "Dockerfile",
    ]
)


@pytest.mark.parametrize("file", _TEXTS, ids=lambda file: file.name)
def test_every_command_and_option_that_is_named_exists(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for words in re.findall(r"(?:`|^|\s)growth-points ([a-z][^`\n|&]*)", text):
        name, *rest = re.split(r"[\s,;:)\]]+", words)
        if f"`growth-points {name}" in text or f"\ngrowth-points {name}" in text:
            assert name in cli.commands, f"growth-points {words}"
        options = {word for word in rest if word.startswith("--")}
        assert options <= _options(name), f"growth-points {words}"


@pytest.mark.parametrize("file", _TEXTS, ids=lambda file: file.name)
def test_every_setting_that_is_named_exists(file: Path) -> None:
    known = {f"GROWTH_POINTS_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"GROWTH_POINTS_[A-Z_]+", file.read_text(encoding="utf-8")))
    assert {name for name in named if not name.endswith("_")} <= known | _ONLY_FOR_COMPOSE


@pytest.mark.parametrize("file", _TEXTS, ids=lambda file: file.name)
def test_every_file_that_a_page_leads_to_exists(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)", text):
        if not link.startswith("http"):
            assert (file.parent / link).exists(), link


def test_every_alarm_has_a_page_and_every_page_an_alarm() -> None:
    pages = {file.stem for file in (_ROOT / "docs" / "runbook").glob("*.md")} - {"README"}

    troubles = [alarm for alarm in ALARMS if alarm.news is None]
    assert pages == {alarm.name for alarm in troubles}
    for alarm in troubles:
        assert (_ROOT / alarm.page("ko")).exists()
        text = (_ROOT / alarm.page()).read_text(encoding="utf-8")
        for part in ("## What it means", "## What to look at", "## What to do"):
            assert part in text, alarm.page()
        assert f"({alarm.name}.md)" in (_ROOT / "docs" / "runbook" / "README.md").read_text()


def test_a_container_is_given_only_what_exists() -> None:
    for name, service in _COMPOSE["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (_DEPLOY / source).is_file(), f"{name}: {volume}"
            elif not source.startswith("$"):
                assert source in _COMPOSE["volumes"], f"{name}: {volume}"
        assert set(service.get("depends_on", ())) <= set(_COMPOSE["services"])


def test_containers_listen_to_their_own_machine_only() -> None:
    ports = [port for each in _COMPOSE["services"].values() for port in each.get("ports", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    text = (_DEPLOY / "compose.yaml").read_text()
    example = (_DEPLOY / "compose.env.example").read_text()

    needed = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert needed == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert not re.search(r"PASSWORD=.", example)


def test_passwords_go_neither_into_the_repository_nor_into_the_image() -> None:
    image = (_ROOT / ".dockerignore").read_text().splitlines()
    kept_out = (_ROOT / ".gitignore").read_text().splitlines()

    for name in ("compose.env", "settings.env"):
        assert f"/deploy/{name}" in kept_out
        assert image.index(f"deploy/{name}") > image.index("!deploy")  # the last word counts


def test_prefect_and_the_service_never_share_a_database() -> None:
    service = _COMPOSE["services"]["worker"]["environment"]["GROWTH_POINTS_DATABASE_URL"]
    prefect = _COMPOSE["services"]["prefect-server"]["environment"]

    assert "@database/" in service
    assert "@prefect-database/" in prefect["PREFECT_API_DATABASE_CONNECTION_URL"]


@pytest.mark.parametrize(
    ("login", "services"),
    [
        ("growth_points_owner", ["update", "backup"]),
        ("growth_points_app", ["worker"]),
        ("growth_points_approver", ["approver"]),
        ("growth_points_reader", ["pages"]),
        ("growth_points_stores_app", ["stores"]),
    ],
)
def test_every_service_has_the_login_of_its_work(login: str, services: list[str]) -> None:
    having = [
        name
        for name, service in _COMPOSE["services"].items()
        if f"//{login}:" in str(service.get("environment", {}))
    ]

    assert having == services


def test_approvals_wait_for_the_worker_that_may_approve() -> None:
    deployments = yaml.safe_load((_DEPLOY / "prefect.yaml").read_text())["deployments"]
    queues = {each["name"]: each["work_pool"].get("work_queue_name") for each in deployments}
    polled = {
        name: command[command.index("--work-queue") + 1]
        for name, service in _COMPOSE["services"].items()
        if "--work-queue" in (command := service.get("command", []))
    }

    assert {name for name, queue in queues.items() if queue} == {"approve-payout"}
    assert queues["approve-payout"] == polled["approver"]
    assert polled["worker"] == "default"


def test_the_image_installs_what_is_locked_and_copies_what_exists() -> None:
    image = (_DEPLOY / "Dockerfile").read_text()

    assert "--require-hashes -r deploy/requirements.lock" in image
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", image, re.MULTILINE):
        assert all((_ROOT / each).exists() for each in source.split()), source
    assert re.search(r"^USER growth-points$", image, re.MULTILINE)


def test_the_image_is_given_every_folder_that_it_copies() -> None:
    copied = re.findall(
        r"^COPY (?!--)(.+) \S+$", (_DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    given = [
        line.removeprefix("!")
        for line in (_ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]

    for path in " ".join(copied).split():
        assert any(PurePosixPath(path).is_relative_to(each) for each in given), path


def test_the_image_has_the_versions_that_are_tested() -> None:
    ours, tested = (
        set(re.findall(r"^(\S+==\S+)", (_ROOT / name).read_text(), re.MULTILINE))
        for name in ("deploy/requirements.lock", "requirements.lock")
    )

    assert ours <= tested
    assert not any(pin.startswith(("pytest", "mypy", "moto")) for pin in ours)


def test_the_alerting_rules_ask_for_figures_that_there_are_and_name_pages() -> None:
    [group] = yaml.safe_load((_DEPLOY / "prometheus-alerts.yaml").read_text())["groups"]
    read = (*figures([], date.min), *held_figures(HeldConversions(0, 0, 0, 0, 0)))
    read = (*read, *reward_figures(RewardsStanding((), 0)), unclosed_figure(0))
    known = {"growth_points_database_up", *(each.name for each in read)}

    for rule in group["rules"]:
        assert set(re.findall(r"growth_points_\w+", rule["expr"])) <= known
        assert (_ROOT / rule["annotations"]["runbook"]).exists()


def test_containers_are_reached_from_their_own_machine_alone_and_not_as_root() -> None:
    ports = [port for each in _COMPOSE["services"].values() for port in each.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert not any("user" in each or "privileged" in each for each in _COMPOSE["services"].values())


def test_a_server_in_a_container_answers_by_the_name_of_its_service() -> None:
    for name in ("prefect-server", "pages"):
        hosts = _COMPOSE["services"][name]["environment"]["GROWTH_POINTS_HOSTS"]
        assert name in Settings(hosts=hosts).host_names


def test_every_blank_of_the_kubernetes_work_pool_is_a_variable() -> None:
    pool: dict[str, Any] = json.loads((_DEPLOY / "kubernetes" / "work-pool.json").read_text())

    blanks = set(re.findall(r"{{ (\w+) }}", json.dumps(pool["job_configuration"])))
    assert blanks == set(pool["variables"]["properties"])


def _options(command: str) -> set[str]:
    if command not in cli.commands:
        return set()
    parameters = cli.commands[command].params
    found = {text for each in parameters if isinstance(each, click.Option) for text in each.opts}
    return {text for text in found if text.startswith("--")} | {"--help"}


def test_a_backup_has_the_home_before_it_dumps_the_database(tmp_path: Path) -> None:
    home, backup, dump = tmp_path / "home", tmp_path / "backup", tmp_path / "bin" / "pg_dump"
    for folder in (home, dump.parent):
        folder.mkdir()
    dump.write_text(f"#!/bin/sh\nls {backup} >{backup}/database.unfinished\n")
    dump.chmod(0o755)

    subprocess.run(  # noqa: S603 our own script
        [_DEPLOY / "backup.sh", backup],
        env={
            "PATH": f"{dump.parent}{os.pathsep}{os.environ['PATH']}",
            "GROWTH_POINTS_HOME": str(home),
            "GROWTH_POINTS_DATABASE_URL": "postgresql://nowhere",
        },
        check=True,
    )

    assert "home.tar.gz" in (backup / "database.dump").read_text()

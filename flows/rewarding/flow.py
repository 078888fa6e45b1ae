"""The flows about rewards: pay a delivered day, every day the one before, and try again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

from prefect import flow

from adapters.ingest.delivery import Delivery, DeliveryRefused
from adapters.ingest.root import require_root
from adapters.ingest.staged_rewards import StagedRewards
from adapters.postgres.rewards import RewardDay
from domain.findings import DayBlocked, Finding, blocking
from domain.profile import Profile, Violations
from domain.refusal import Refused
from domain.sentence import Text
from expectations.gate_process import start_gate
from flows.occasion import this_occasion
from flows.policies import policy_on
from flows.prefect.attached_report import attach_report
from flows.prefect.clock_check import check_clocks
from flows.prefect.endings import step, telling, told
from flows.prefect.events import REWARDS_BLOCKED, emit_about
from flows.prefect.flow_occasion import flow_occasion
from flows.prefect.forms import Day, Mode, NameOrNone
from flows.prefect.retrying import RETRIES
from flows.program import program_database, program_policies
from flows.reports.keeping import keep_report
from flows.reports.report import Report
from flows.rewarding.answer_file import answer_file, keep_answers
from flows.rewarding.late_days import come_late, no_rewards
from flows.rewarding.pay_entries import Payment, pay_delivered, pay_known
from flows.rewarding.read_rewards import find_rewards, judge_rewards, read_rewards
from flows.rewarding.refusals import DayNotCome
from flows.rewarding.report import (
    blocked_advice,
    blocked_report,
    day_report,
    payment_summary,
    previewed_report,
)
from flows.rewarding.retry_rewards import retry_days, try_again
from flows.run_folders import remove_abandoned_copies, run_folder
from flows.settings import Settings


@dataclass(frozen=True, slots=True)
class PaidDay:
    """A day whose rewards were paid, with its report."""

    payment: Payment
    report: Report
    file: Path | None

    def __str__(self) -> str:
        """Say what was paid."""
        return str(self.told)

    @property
    def told(self) -> Text:
        """Say what was paid, or would be: a preview keeps no file."""
        return payment_summary(self.payment, preview=self.file is None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The day to pay, where its entries are, and who asks; a preview writes nothing."""

    day: date
    root: str
    actor: str
    preview: bool = False


@flow(name="pay-rewards", flow_run_name="rewards of {day}")
@telling
def pay_rewards(
    day: Day, settlements: str = "", mode: Mode = "preview", asked_by: NameOrNone = ""
) -> PaidDay:
    """Pay the rewards that occurred on a day, in order, as far as each store's points reach.

    Entries that are known stay, and new ones are added. Refused entries of the days before are
    tried again.

    Args:
        day: The day on which the rewards occurred, as YYYY-MM-DD, such as 2026-11-29.
        settlements: The root that has the folder `rewards`, a path or an object-store URL. Empty:
            GROWTH_POINTS_SETTLEMENTS.
        mode: "preview" shows what would be paid and writes nothing; "commit" pays.
        asked_by: Your name; recorded with it.
    """
    settings, actor = Settings.read(), flow_occasion(asked_by).actor
    root, preview = settings.settlements_root(settlements), mode == "preview"
    paid = _pay(settings, _Asked(date.fromisoformat(day), root, actor, preview))
    return told(paid, paid.told)


@flow(name="pay-rewards-daily", flow_run_name="yesterday's rewards")
@telling
def pay_yesterdays_rewards() -> str:
    """Pay the rewards of yesterday, and those of earlier days that came late.

    Where no folder `rewards` is, the program has none. A day that is missing or blocked keeps no
    other day from being paid, nor refused entries from being tried again.
    """
    settings, occasion = Settings.read(), flow_occasion()
    today, actor = occasion.today, occasion.actor
    root = settings.settlements_root("")
    if (said := no_rewards(root)) is not None:
        return told(str(said), said)
    paid, refusals = list[object](), list[Refused]()
    for day in (*come_late(settings, root, today), today - timedelta(days=1)):
        try:
            paid.append(_pay(settings, _Asked(day, root, actor)).told)
        except Refused as refusal:
            refusals.append(refusal)
    if refusals:
        try_refused(settings, None, None, actor)
        raise refusals[0]
    return told(" ".join(map(str, paid)), *paid)


@flow(name="retry-rewards", flow_run_name="retry rewards")
@telling
def retry_rewards(
    seller_id: NameOrNone = "",
    event_id: NameOrNone = "",
    mode: Mode = "preview",
    asked_by: NameOrNone = "",
) -> str:
    """Try refused rewards again, in order; what was paid is not paid twice.

    Args:
        seller_id: Only those of this store. Empty: of all stores.
        event_id: Only those of this event. Empty: of all events.
        mode: "preview" shows what would be paid and writes nothing; "commit" pays.
        asked_by: Your name; recorded in the ledger.
    """
    settings, actor, preview = Settings.read(), flow_occasion(asked_by).actor, mode == "preview"
    of = seller_id or None, event_id or None
    paid = payment_summary(try_refused(settings, *of, actor, preview=preview), preview=preview)
    return told(str(paid), paid)


try_refused = step(name="try refused entries", **RETRIES)(try_again)


def _pay(settings: Settings, asked: _Asked) -> PaidDay:
    day = asked.day
    if day > flow_occasion().today:
        raise DayNotCome(day)
    require_root(asked.root, day)
    check_clocks(settings)
    remove_abandoned_copies(settings)
    name = f"{day}-{uuid4().hex[:8]}"  # two runs may read the same delivery at once
    with run_folder(settings.staging / name) as folder, run_folder(settings.fetched / name) as into:
        try:
            return _paid(settings, asked, folder, into)
        except DeliveryRefused as refused:
            tell = _show_blocked if asked.preview else _tell_blocked
            tell(settings, day, refused.source, refused.findings, None)
            raise


def _paid(settings: Settings, asked: _Asked, staging: Path, fetched: Path) -> PaidDay:
    day, findings = asked.day, tuple[Finding, ...]()
    found = find(settings, day, asked.root, fetched)
    payment = pay_if_known(settings, found, asked)
    if payment is None:
        start_gate()  # it loads while the files are read
        rules = policy_on(program_policies(settings), day).use
        kept_rows = settings.quarantine / f"rewards/{day}/{found.content_hash[:12]}"
        quarantine = staging if asked.preview else kept_rows
        staged = read(found, staging, quarantine, rules.reward_entry_limit_points)
        payment, findings = pay(settings, staged, asked)
    if asked.preview:
        report = previewed_report(day, payment, findings)
        attach_report(settings, report)
        return PaidDay(payment, report, None)
    report = day_report(day, payment, findings, answer_file(settings, day))
    # A run that was killed after its commit left no report.
    name = f"paid-{payment.delivery_id}"
    kept = keep_report(settings, name, report, overwrite=payment.is_new)
    attach_report(settings, report, kept)
    return PaidDay(payment, report, kept)


@step(name="find the entries", **RETRIES)
def find(settings: Settings, day: date, root: str, fetched: Path) -> Delivery[date]:
    """Find and hash the day's files, and check who signed them."""
    return find_rewards(settings, day, root, fetched, this_occasion().now)


@step(name="pay again what is known", **RETRIES)
def pay_if_known(settings: Settings, found: Delivery[date], asked: _Asked) -> Payment | None:
    """Pay refused entries of the last days again, if the files were paid before."""
    days = retry_days(settings)
    with program_database(settings, preview=asked.preview) as engine:
        payment = pay_known(engine, found.period, found.content_hash, days, asked.actor)
        if payment is not None and not asked.preview:
            with engine.connect() as connection:
                keep_answers(connection, settings, {found.period, *payment.days})
    return payment


@step(name="read the entries")
def read(found: Delivery[date], staging: Path, quarantine: Path, most_points: int) -> StagedRewards:
    """Scan the files once: profile, refused rows, entries in order."""
    return read_rewards(found, staging, quarantine, most_points)


@step(name="judge and pay the entries")
def pay(
    settings: Settings, staged: StagedRewards, asked: _Asked
) -> tuple[Payment, tuple[Finding, ...]]:
    """Compare the day with what is known, run the gate, and pay, in one transaction.

    Refused entries of the last days are tried again.
    """
    findings: list[Finding] = []
    tell, days = _show_blocked if asked.preview else _tell_blocked, retry_days(settings)

    def judge(compared: Sequence[Violations]) -> Profile:
        verdict = judge_rewards(staged, compared)
        findings[:] = verdict.findings
        if blocking(findings):
            tell(settings, staged.day, staged.source, findings, staged.quarantine)
            raise DayBlocked(staged.day, verdict.findings, blocked_advice(staged))
        return verdict.profile

    delivered = RewardDay(staged.day, staged.content_hash, staged.source, staged.rewards)
    with program_database(settings, preview=asked.preview) as engine:
        payment = pay_delivered(engine, delivered, judge, days, asked.actor)
        if not asked.preview:
            with engine.connect() as connection:
                keep_answers(connection, settings, {staged.day, *payment.days})
    return payment, tuple(findings)


def _show_blocked(
    settings: Settings,
    day: date,
    source: str,
    findings: Sequence[Finding],
    quarantine: Path | None,  # removed with the preview
) -> None:
    attach_report(settings, blocked_report(day, source, findings, None))


def _tell_blocked(
    settings: Settings,
    day: date,
    source: str,
    findings: Sequence[Finding],
    quarantine: Path | None,
) -> None:
    report = blocked_report(day, source, findings, quarantine)
    kept = keep_report(settings, "blocked", report)
    attach_report(settings, report, kept)
    told = [{"rule": each.rule, "sentence": each.sentence} for each in blocking(findings)[:20]]
    payload = {"day": str(day), "source": source, "findings": told, "report": str(kept)}
    emit_about(REWARDS_BLOCKED, f"growth-points.rewards.{day}", f"rewards of {day}", payload)

"""What a store has, its statement, its decisions, its consulting."""

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from adapters.postgres.decisions import decisions
from adapters.postgres.evaluations import current_evaluation
from adapters.postgres.revisions import require_seller
from adapters.postgres.statements import StatementLine, award_for_consulting, statement
from adapters.postgres.using import today
from domain.decision import Decision, Outcome
from domain.eligibility import Reason
from domain.ledger import Award, TransferKind
from flows.showing.explanation import explain_decision
from flows.showing.my_points import MyPoints, my_points
from flows.showing.refusals import MonthNotClosed, NoDecision
from web.stores.asked import After, Day, Limit, Month, ReadStore, month_of
from web.stores.interface.responses import CSV, problems_of, wants_csv
from web.stores.statement_csv import statement_csv

router = APIRouter(prefix="/api/v1/stores/{seller_id}", tags=["points"])
_STATEMENT_KINDS = Literal[
    "payout", "adjustment", "conversion", "return", "expiry", "reward", "cancellation"
]


class PendingPoints(BaseModel):
    """An award that is to be paid, and when."""

    settlement_month: str
    tier: int
    points: int
    due_on: date | None


class SoldMonth(BaseModel):
    """A settlement month and its tier; an amount that was not delivered is null."""

    month: str
    amount_krw: int | None
    window_amount_krw: int | None
    tier: int | None


class TierBand(BaseModel):
    """A tier: the averages that fall into it, and its points."""

    tier: int
    lower_average_krw: int
    upper_average_krw: int
    points: int


class NextMonth(BaseModel):
    """The amount that the next tier needs next month, and `obstacles` that no amount removes."""

    month: str
    tier: int
    points: int
    least_krw: int
    below_krw: int
    obstacles: list[Reason]


class PointsAnswer(BaseModel):
    """A store's growth points today. All that is available expires after `last_usable_on`."""

    seller_id: str
    today: date
    available: int
    held: int
    last_usable_on: date | None
    has_expired: bool
    ad_account: str | None
    pending: list[PendingPoints]
    window_months: int
    months: list[SoldMonth]
    tiers: list[TierBand]
    next_month: NextMonth | None

    @classmethod
    def of(cls, shown: MyPoints) -> Self:
        """Write what a store has."""
        return cls(
            seller_id=shown.seller_id,
            today=shown.today,
            available=shown.available,
            held=shown.held,
            last_usable_on=shown.last_usable_on,
            has_expired=shown.has_expired,
            ad_account=shown.account_id,
            pending=[
                PendingPoints(
                    settlement_month=str(each.settlement_month),
                    tier=each.tier,
                    points=each.points,
                    due_on=each.due_on,
                )
                for each in shown.pending
            ],
            window_months=shown.window_months,
            months=[
                SoldMonth(
                    month=str(each.month),
                    amount_krw=each.amount_krw,
                    window_amount_krw=each.window_amount_krw,
                    tier=each.tier,
                )
                for each in shown.months
            ],
            tiers=[
                TierBand(
                    tier=each.number,
                    lower_average_krw=each.lower_average_krw,
                    upper_average_krw=each.upper_average_krw,
                    points=each.points,
                )
                for each in shown.tiers
            ],
            next_month=_next_month(shown),
        )


def _next_month(shown: MyPoints) -> NextMonth | None:
    if (coming := shown.next_tier) is None:
        return None
    return NextMonth(
        month=str(shown.next_month),
        tier=coming.tier.number,
        points=coming.tier.points,
        least_krw=coming.least_krw,
        below_krw=coming.below_krw,
        obstacles=list(coming.obstacles),
    )


class Line(BaseModel):
    """What changed the available points, and what was available afterwards."""

    entry_no: int
    date: date
    kind: TransferKind
    points: int
    reference: str
    balance: int

    @classmethod
    def of(cls, line: StatementLine) -> Self:
        """Write a line of a statement."""
        return cls(
            entry_no=line.entry_no,
            date=line.on,
            kind=line.kind,
            points=line.points,
            reference=line.reference,
            balance=line.balance,
        )


class StatementPage(BaseModel):
    """Lines of a statement, oldest first; `next` is null on the last page."""

    lines: list[Line]
    next: int | None


class DecisionAnswer(BaseModel):
    """What was decided for a month, and why, in the language of the answer."""

    settlement_month: str
    seller_id: str
    outcome: Outcome
    tier: int | None
    points: int
    window_amount_krw: int
    reasons: list[Reason]
    policy: str
    explanation: str

    @classmethod
    def of(cls, decision: Decision, explanation: str) -> Self:
        """Write a decision."""
        return cls(
            settlement_month=str(decision.settlement_month),
            seller_id=decision.seller_id,
            outcome=decision.outcome,
            tier=decision.tier,
            points=decision.points,
            window_amount_krw=decision.window_amount_krw,
            reasons=list(decision.reasons),
            policy=decision.policy,
            explanation=explanation,
        )


class OpeningAward(BaseModel):
    """The award that opens consulting."""

    settlement_month: str
    tier: int
    points: int

    @classmethod
    def of(cls, award: Award) -> Self:
        """Write an award."""
        month = str(award.settlement_month)
        return cls(settlement_month=month, tier=award.tier, points=award.points)


class ConsultingAnswer(BaseModel):
    """Whether consulting is open to a store, and by which award."""

    open: bool
    award: OpeningAward | None


@router.get("/points", summary="My points", responses=problems_of(401, 403, 404))
def read_points(store: ReadStore) -> PointsAnswer:
    """What a store has, what comes, when it ends, and what its next month would need."""
    with store.own.connect() as connection:
        day = today(connection)
        return PointsAnswer.of(my_points(connection, store.seller_id, day, store.policies))


@router.get(
    "/statement",
    summary="The statement, as JSON by pages or whole as CSV",
    responses={**problems_of(401, 403, 404), 200: {"content": CSV}},
    response_model=StatementPage,
)
def read_statement(
    request: Request,
    store: ReadStore,
    since: Annotated[Day | None, Query(alias="from", description="The first day.")] = None,
    until: Annotated[Day | None, Query(alias="to", description="The last day.")] = None,
    kind: Annotated[list[_STATEMENT_KINDS] | None, Query(description="Only these kinds.")] = None,
    after: After = 0,
    limit: Limit = 100,
) -> StatementPage | Response:
    """What changed the available points, with the balance after each line.

    With `Accept: text/csv` all lines come in one file; `after` and `limit` do not apply.
    """
    kinds = None if kind is None else [TransferKind(each) for each in kind]
    if wants_csv(request):
        return statement_csv(store.engine, store.seller_id, since=since, until=until, kinds=kinds)
    with store.engine.connect() as connection:
        require_seller(connection, store.seller_id)
        found = statement(
            connection,
            store.seller_id,
            since=since,
            until=until,
            kinds=kinds,
            after=after,
            limit=limit + 1,
        )
        lines = list(found)
    following = lines[limit - 1].line_no if len(lines) > limit else None
    return StatementPage(lines=[Line.of(each) for each in lines[:limit]], next=following)


@router.get(
    "/decisions/{month}",
    summary="The decision of a month, and why",
    responses=problems_of(401, 403, 404),
)
def read_decision(
    request: Request, response: Response, store: ReadStore, month: Month
) -> DecisionAnswer:
    """What was decided for a settlement month, explained in Korean or English."""
    asked = month_of(month)
    with store.own.connect() as connection:
        if (evaluation := current_evaluation(connection, asked)) is None:
            raise MonthNotClosed(asked)
        found = next(
            decisions(connection, evaluation.evaluation_id, seller_id=store.seller_id), None
        )
        if found is None:
            raise NoDecision(store.seller_id, asked)
        day, rule = today(connection), request.app.state.settings.approval_rule
        about = (store.seller_id, asked, store.language, rule, day)
        told = explain_decision(connection, *about, for_operators=not store.asks_itself)
    response.headers["Content-Language"] = store.language
    response.headers["Vary"] = "Accept-Language"
    return DecisionAnswer.of(found, told)


@router.get("/consulting", summary="Consulting", responses=problems_of(401, 403, 404))
def read_consulting(store: ReadStore) -> ConsultingAnswer:
    """Whether consulting is open to a store, and which award opens it."""
    with store.engine.connect() as connection:
        require_seller(connection, store.seller_id)
        award = award_for_consulting(connection, store.seller_id)
    return ConsultingAnswer(open=award is not None, award=OpeningAward.of(award) if award else None)

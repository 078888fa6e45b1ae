"""The pages that only read, of one store: the same for the store and an operator."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from adapters.policy_files import PolicyText
from adapters.postgres.evaluations import current_evaluations
from adapters.postgres.own_months import own_awards
from adapters.postgres.revisions import require_seller
from adapters.postgres.statements import award_for_consulting, statement
from adapters.postgres.using import today
from domain.approval import ApprovalRule
from domain.ledger import Award
from domain.months import SettlementMonth
from flows.showing.consulting import consulting_answer
from flows.showing.explanation import explain_decision
from flows.showing.my_points import my_points
from web.stores.page.explained import sections
from web.stores.page.months import shown_months
from web.stores.page.rendering import render
from web.stores.page.statement import TABS, StatementPart, by_month
from web.stores.page.visit import Visit

_LINES: Final = 100


def points_page(connection: Connection, visit: Visit, policies: Sequence[PolicyText]) -> str:
    """Render what a store has, what comes and when it ends; raises SellerUnknown."""
    points = my_points(connection, visit.seller_id, today(connection), policies)
    awards = _awards(connection, visit.seller_id)
    return render("store_points.html", visit, points=points, months=shown_months(points, awards))


def statement_page(connection: Connection, visit: Visit, part: StatementPart) -> str:
    """Render a tab of the statement, newest lines first, a hundred to a page."""
    require_seller(connection, visit.seller_id)
    tab = TABS[visit.tab]
    lines = list(statement(connection, visit.seller_id, kinds=tab.kinds))
    shown = [each for each in reversed(lines) if part.month in (None, SettlementMonth.of(each.on))]
    return render(
        "store_statement.html",
        visit,
        tab=tab,
        months=sorted({SettlementMonth.of(each.on) for each in lines}, reverse=True),
        part=part,
        pages=-(-len(shown) // _LINES),
        groups=list(by_month(shown[(part.page - 1) * _LINES : part.page * _LINES])),
    )


def months_page(connection: Connection, visit: Visit, policies: Sequence[PolicyText]) -> str:
    """Render the list of the months that were decided, with the store's result."""
    points = my_points(connection, visit.seller_id, today(connection), policies)
    closed = {each.settlement_month for each in current_evaluations(connection)}
    shown = shown_months(points, _awards(connection, visit.seller_id)).shown
    return render("store_why.html", visit, months=[each for each in shown if each.month in closed])


def decision_page(
    connection: Connection, visit: Visit, month: SettlementMonth, rule: ApprovalRule
) -> str:
    """Render the explanation of a month; raises MonthNotClosed, NoDecision."""
    asked = (visit.seller_id, month, visit.language, rule, today(connection))
    text = explain_decision(connection, *asked, for_operators=False)
    return render("store_decision.html", visit, month=month, parts=list(sections(text)))


def consulting_page(connection: Connection, visit: Visit) -> str:
    """Render whether consulting is open, and by which award."""
    require_seller(connection, visit.seller_id)
    award = award_for_consulting(connection, visit.seller_id)
    answer = consulting_answer(visit.seller_id, award)
    return render("store_consulting.html", visit, award=award, answer=answer)


def _awards(connection: Connection, seller_id: str) -> tuple[Award, ...]:
    return tuple(each.award for each in own_awards(connection, seller_id))

"""Finding a store, and all that there is of one."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import RedirectResponse, Response

from adapters.postgres.find_stores import FoundStore, stores_beginning
from adapters.postgres.revisions import seller_is_known
from domain.sentence import Sentence, sentence
from flows.prefect.form_words import in_form_words
from flows.showing.forms import adjustment_form, conversion_form, link_form
from flows.showing.seller_view import SellerView, newest_explanation, seller_view
from web.operators.rendering import page
from web.operators.store_tables import STORE_TABLES, StoreTable
from web.operators.tables import Table, csv_response, table
from web.operators.visit import NoSuchPage, Visit
from web.stores.page.explained import sections

_MOST_FOUND: Final = 50
_LONGEST_ID: Final = 64
_SEE_OTHER: Final = 303
_NEWEST: Final = 12


def find_page(visit: Visit) -> Response:
    """Find stores by how their ids begin; a whole id leads to its store at once."""
    start = _start(visit)
    if (refusal := _refusal(visit, start)) is not None:
        return _found_page(visit, (), 400, refusal)
    with visit.reading() as connection:
        if start and seller_is_known(connection, start):
            return RedirectResponse(visit.store(start), _SEE_OTHER)
        found = tuple(stores_beginning(connection, start, _MOST_FOUND))
    if start and not found:
        return _found_page(visit, found, 404, _none_found(start))
    return _found_page(visit, found)


def _start(visit: Visit) -> str:
    """Return how the ids that are searched for begin."""
    return visit.asked.get("id", "").strip()


def _refusal(visit: Visit, start: str) -> Sentence | None:
    """Say why there is nothing to search for; None if there is."""
    if not start and "id" in visit.asked:
        return sentence("Type a store's id, or how it begins.")
    if len(start) > _LONGEST_ID:
        return sentence("No store has an id of more than 64 characters.")
    return None


def _found_page(
    visit: Visit, found: Sequence[FoundStore], status: int = 200, said: Sentence | None = None
) -> Response:
    facts = {"start": _start(visit), "said": said, "stores": found, "most": _MOST_FOUND}
    return page("stores.html", visit, status, **facts)


def find_csv(visit: Visit) -> Response:
    """Write the stores that a search finds as a file."""
    with visit.reading() as connection:
        found = list(stores_beginning(connection, _start(visit), _MOST_FOUND))
    rows = ((each.seller_id, each.available, each.pending) for each in found)
    return csv_response("stores.csv", ("seller_id", "available", "pending"), rows)


def _none_found(start: str) -> Sentence:
    return sentence(
        "No store of the newest snapshot has an id that begins with {start}.", start=start
    )


def store_page(visit: Visit) -> Response:
    """Show all that there is of a store, of each table the newest rows; raises SellerUnknown."""
    seller_id = visit.places["seller_id"]
    with visit.reading() as connection:
        view = seller_view(connection, seller_id, newest=_NEWEST)
        newest = view.months[-1].month if view.months else None
        rule = visit.settings.approval_rule
        why = newest_explanation(connection, view, visit.language, rule)
    why = in_form_words(why, visit.language)
    forms = (adjustment_form(seller_id), link_form(seller_id), conversion_form(seller_id))
    parts = [_part(visit, view, each) for each in STORE_TABLES]
    return page(
        "store.html",
        visit,
        view=view,
        newest=newest,
        why=tuple(sections(why)) if why else (),
        forms=forms,
        parts=parts,
    )


def _part(visit: Visit, view: SellerView, part: StoreTable) -> tuple[StoreTable, int, Table]:
    """Return a table of a store with how many rows it has, and the newest of them."""
    rows = list(part.rows(visit, view))
    shown = table(visit, part.columns, rows[-_NEWEST:], part.usual, of=part.name)
    return part, view.totals.get(part.name, len(rows)), shown


def store_table_page(visit: Visit) -> Response:
    """Show one table of a store, whole; raises NoSuchPage, SellerUnknown."""
    part = _asked_table(visit.places["table"])
    view = _view(visit, part)
    shown = table(
        visit,
        part.columns,
        part.rows(visit, view),
        part.usual,
        csv_at=visit.store(view.seller_id, f"/{part.name}.csv"),
        has_filter=True,
    )
    return page("store_table.html", visit, view=view, part=part, table=shown)


def store_table_csv(visit: Visit) -> Response:
    """Write one table of a store as a file; raises NoSuchPage, SellerUnknown."""
    part = _asked_table(visit.places["table"])
    rows = part.records(_view(visit, part))
    return csv_response(f"{part.name}.csv", part.keys, rows)


def _asked_table(name: str) -> StoreTable:
    for each in STORE_TABLES:
        if each.name == name:
            return each
    raise NoSuchPage


def _view(visit: Visit, part: StoreTable) -> SellerView:
    """Read what a table shows of a store, and nothing else."""
    with visit.reading() as connection:
        return seller_view(connection, visit.places["seller_id"], (part.name,))

"""Linking a store's search-ad account, and unlinking it (U4)."""

from typing import Final

from sqlalchemy import Engine

from adapters.postgres.revisions import require_seller
from adapters.postgres.using import link_ad_account, standing_of
from domain.refusal import WrongUsage
from domain.sentence import Sentence, sentence
from flows.clocks import warn_about_clocks
from flows.converting.refusals import NotLinked
from flows.program import program_database
from flows.settings import Settings

_LONGEST: Final = 64


class AccountInvalid(WrongUsage):
    """A text that is no search-ad account."""


def link(
    settings: Settings, seller_id: str, account_id: str, actor: str, *, preview: bool = False
) -> bool:
    """Link an account to a store, instead of another; returns False if it was linked before.

    A preview is rolled back.
    """
    with program_database(settings, preview=preview) as engine:
        warn_about_clocks(engine)
        return link_account(engine, seller_id, account_id, actor)


def unlink(settings: Settings, seller_id: str, actor: str, *, preview: bool = False) -> str:
    """Unlink a store's account, and return it; a preview is rolled back."""
    with program_database(settings, preview=preview) as engine:
        warn_about_clocks(engine)
        return unlink_account(engine, seller_id, actor)


def link_account(engine: Engine, seller_id: str, account_id: str, actor: str) -> bool:
    """Link an account in one transaction; raises AccountInvalid, SellerUnknown."""
    if not account_id.strip() or len(account_id) > _LONGEST or not account_id.isprintable():
        raise AccountInvalid(
            sentence(
                "a search-ad account is one line of 1 to {most} printable characters",
                most=_LONGEST,
            )
        )
    with engine.begin() as connection:
        require_seller(connection, seller_id)
        return link_ad_account(connection, seller_id, account_id, actor)


def unlink_account(engine: Engine, seller_id: str, actor: str) -> str:
    """Unlink a store's account in one transaction; raises NotLinked, SellerUnknown."""
    with engine.begin() as connection:
        require_seller(connection, seller_id)
        account_id = standing_of(connection, seller_id).account_id
        if account_id is None:
            raise NotLinked(seller_id)
        link_ad_account(connection, seller_id, None, actor)
    return account_id


def account_linked(
    account_id: str, seller_id: str, *, again: bool = False, preview: bool = False
) -> Sentence:
    """Say that an account is linked, was before, or would be."""
    facts = {"account_id": account_id, "seller_id": seller_id}
    if again:
        return sentence(
            "Search-ad account {account_id} was linked before to seller {seller_id}.", **facts
        )
    if preview:
        return sentence(
            "Nothing was written: this is a preview. Search-ad account {account_id} would be "
            "linked to seller {seller_id}.",
            **facts,
        )
    return sentence("Search-ad account {account_id} is linked to seller {seller_id}.", **facts)


def account_unlinked(account_id: str, seller_id: str, *, preview: bool = False) -> Sentence:
    """Say that an account is no longer linked, or would not be."""
    facts = {"account_id": account_id, "seller_id": seller_id}
    if preview:
        return sentence(
            "Nothing was written: this is a preview. Search-ad account {account_id} would no "
            "longer be linked to seller {seller_id}.",
            **facts,
        )
    return sentence(
        "Search-ad account {account_id} is no longer linked to seller {seller_id}.", **facts
    )

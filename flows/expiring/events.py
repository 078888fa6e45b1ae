"""The event of notices: one for each list, since one for each store would flood the server."""

from adapters.postgres.notices import NoticeList
from flows.prefect.events import EXPIRING, emit_about


def emit_told(told: NoticeList) -> None:
    """Emit an event that stores were told, with the number of the list that has them."""
    number = told.notice_list_id
    payload = {
        "notice_list": number,
        "stores": told.stores,
        "points": told.points,
        "command": f"growth-points notices --list {number} --output csv",
    }
    emit_about(EXPIRING, f"growth-points.notice-list.{number}", f"notices {number}", payload)

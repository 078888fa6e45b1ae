"""Reading as one store, where raw months are shown only to whoever says which store it asks about.

`deploy/schema/11_stores.sql` has views in place of the tables of raw months. Statements name the
tables, as for everybody else; in such a connection they read the views.
"""

import re
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

_STORE: Final = "of_store"
_TABLES: Final = re.compile(r"\bgrowth_points\.seller_(amount|snapshot)\b")


def show_own_rows(engine: Engine) -> None:
    """Have an engine show raw months through the views, in the connections of `of_store`."""
    event.listen(engine, "begin", _say_which_store)
    event.listen(engine, "before_cursor_execute", _read_views, retval=True)


def of_store(engine: Engine, seller_id: str) -> Engine:
    """Return an engine, with the same connections, that reads as one store."""
    return engine.execution_options(**{_STORE: seller_id})


def _say_which_store(connection: Connection) -> None:
    if (seller_id := connection.get_execution_options().get(_STORE)) is not None:
        asked = (seller_id,)
        connection.exec_driver_sql("SELECT set_config('growth_points.seller_id', %s, true)", asked)


def _read_views(
    connection: Connection,
    _cursor: Any,
    statement: str,
    parameters: Any,
    *_: Any,
) -> tuple[str, Any]:
    if connection.get_execution_options().get(_STORE) is not None:
        statement = _TABLES.sub(r"growth_points.own_\1", statement)
    return statement, parameters

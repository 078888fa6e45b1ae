"""Whether the service answers."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import text

from web.stores.interface.responses import problems_of

router = APIRouter(prefix="/api/v1", tags=["health"])


class Health(BaseModel):
    """The service and its database answer."""

    status: Literal["ok"] = "ok"


@router.get("/health", summary="Health", responses=problems_of())
def health(request: Request) -> Health:
    """Answer if the database answers, too; it takes no token."""
    with request.app.state.engine.connect() as connection:
        connection.execute(text("SELECT"))
    return Health()

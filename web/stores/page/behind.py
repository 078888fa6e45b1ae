"""What the pages stand on: the database, the policies, and whose token one is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from adapters.policy_files import PolicyText


@dataclass(frozen=True, slots=True)
class Behind:
    """The database and the policies of an application."""

    engine: Engine
    policies: Sequence[PolicyText]


def _behind(request: Request) -> Behind:
    state = request.app.state
    return Behind(state.engine, state.policies)


BehindIt = Annotated[Behind, Depends(_behind)]

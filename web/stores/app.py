"""The application of the stores' process: its routes, its problems, its one database engine."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from anyio import CapacityLimiter
from fastapi import FastAPI

from domain.sentence import sentence
from flows.program import program_policies, stores_database
from flows.settings import Settings, SettingsInvalid
from web.stores.access import Tokens
from web.stores.documentation import document
from web.stores.interface import ROUTERS
from web.stores.keys import Keys
from web.stores.limits import LimitedBodies
from web.stores.page.adding import add_pages
from web.stores.problems import answer_problems
from web.stores.unkept import Unkept

_CONNECTIONS: Final = 16
_Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(settings: Settings) -> FastAPI:
    """Make the application; it opens the database when it starts. Raises SettingsInvalid.

    Its state holds `settings`, `tokens`, and, once started, `engine`, `policies`, and the `turn` to
    pay rewards.
    """
    app = FastAPI(
        title="Growth points",
        version="1",
        lifespan=_with_database(settings),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings, app.state.tokens = settings, _tokens(settings)
    app.add_middleware(LimitedBodies)
    app.add_middleware(Unkept)
    answer_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    document(app)
    add_pages(app)
    return app


def _tokens(settings: Settings) -> Tokens:
    if settings.stores_jwks is None or settings.stores_issuer is None:
        raise SettingsInvalid(
            sentence(
                "set GROWTH_POINTS_STORES_JWKS to a file or URL of the keys that "
                "tokens are signed with, and GROWTH_POINTS_STORES_ISSUER to who issues "
                "them"
            )
        )
    return Tokens(Keys(settings.stores_jwks), settings.stores_issuer, settings.stores_audience)


def _with_database(settings: Settings) -> _Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.policies, app.state.turn = program_policies(settings), CapacityLimiter(1)
        with stores_database(settings, _CONNECTIONS) as engine:
            app.state.engine = engine
            yield

    return lifespan

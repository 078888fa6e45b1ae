"""The interface's own description: its OpenAPI document, and a page of it that loads nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from adapters.html import page_templates
from web.stores.access import SCOPES
from web.stores.problems import Problem, WrongPlace

_PATH: Final = "/api/v1/docs"
_REF: Final = "#/components/schemas/{model}"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_ABOUT: Final = """\
Read and use the growth points of the marketplace's stores. Every request carries a token that the
marketplace signed: a store's token reads and uses this store only, a service's token has scopes.
Points are whole numbers, dates are ISO 8601, instants carry an offset. A request that fails is
answered by a problem (RFC 9457) with a `reason`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the page shows it."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[dict[str, Any], ...]
    body: str
    responses: dict[str, str]


def document(app: FastAPI) -> None:
    """Have an application describe itself at its OpenAPI address and on a page."""
    templates = page_templates("web.stores")
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]

    @app.get(_PATH, include_in_schema=False)
    def page() -> HTMLResponse:
        described = app.openapi()
        shown = templates.get_template("documentation.html").render(
            about=_ABOUT, scopes=SCOPES, operations=list(_operations(described))
        )
        return HTMLResponse(shown, headers={"Content-Security-Policy": _POLICY})


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title, version=app.version, description=_ABOUT, routes=app.routes
        )
        schemas = described["components"]["schemas"]
        for model in (Problem, WrongPlace):
            written = model.model_json_schema(ref_template=_REF)
            written.pop("$defs", None)
            schemas[model.__name__] = written
        app.openapi_schema = described
    return app.openapi_schema


def _operations(described: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            yield Operation(
                method.upper(),
                path,
                operation["summary"],
                operation.get("description", ""),
                tuple(operation.get("parameters", ())),
                schema.get("$ref", "").rpartition("/")[2],
                {code: each["description"] for code, each in operation["responses"].items()},
            )

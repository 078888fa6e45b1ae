"""What every page tells a browser: load nothing from elsewhere, run nothing, keep nothing."""

from typing import Final

from starlette.responses import Response

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# With no-referrer browsers would not name the origin of a form, either.
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}


def guard(response: Response) -> Response:
    """Add the headers to a response that does not set them itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response

"""Keeping proxies in the environment away from the program's own servers on this machine.

Clients read the proxies from the environment, also in child processes, so it is changed there.
"""

import os
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

OWN: Final = ("127.0.0.1", "localhost", "::1")
_KINDS: Final = ("http", "https", "all")


def exempt_this_machine_from_proxies() -> None:
    """Exempt this machine from the proxies, for this process and its children."""
    proxies = getproxies_environment()
    if not any(kind in proxies for kind in _KINDS):
        return
    excepted = [name.strip() for name in proxies.get("no", "").split(",") if name.strip()]
    if "*" not in excepted:
        excepted += [name for name in OWN if name not in excepted]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(excepted)


def unusable_proxies() -> dict[str, str]:
    """Return the proxies that Prefect's client cannot use; with them it fails for any address."""
    proxies = getproxies_environment()
    if "*" in proxies.get("no", ""):
        return {}
    return {kind: proxies[kind] for kind in _KINDS if not _is_usable(proxies.get(kind, ""))}


def remove_unusable_proxies() -> None:
    """Remove them from the environment when only servers on this machine are used."""
    for kind in unusable_proxies():
        for name in [name for name in os.environ if name.lower() == f"{kind}_proxy"]:
            del os.environ[name]


def _is_usable(proxy: str) -> bool:
    scheme = urlsplit(proxy).scheme if "://" in proxy else "http"
    if scheme in ("socks5", "socks5h"):
        return find_spec("socksio") is not None
    return scheme in ("http", "https")

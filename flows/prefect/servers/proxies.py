"""Proxies of the environment: for the world outside, not for the program's own servers.

A server that a command or `up` starts listens on this machine, where a proxy elsewhere finds
nothing, or another's server. Clients read the environment, those of child processes as well.
"""

import os
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

OWN: Final = ("127.0.0.1", "localhost", "::1")
_KINDS: Final = ("http", "https", "all")


def reach_this_machine_directly() -> None:
    """Except this machine from the proxies of this process and of all that it starts."""
    proxies = getproxies_environment()
    if not any(kind in proxies for kind in _KINDS):
        return
    excepted = [name.strip() for name in proxies.get("no", "").split(",") if name.strip()]
    if "*" not in excepted:
        excepted += [name for name in OWN if name not in excepted]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(excepted)


def unusable_proxies() -> dict[str, str]:
    """Find the proxies that Prefect's client cannot use: it would fail for any address."""
    proxies = getproxies_environment()
    if "*" in proxies.get("no", ""):
        return {}
    return {kind: proxies[kind] for kind in _KINDS if not _is_usable(proxies.get(kind, ""))}


def forget_unusable_proxies() -> None:
    """Take them out of the environment, where only servers of this machine are asked."""
    for kind in unusable_proxies():
        for name in [name for name in os.environ if name.lower() == f"{kind}_proxy"]:
            del os.environ[name]


def _is_usable(proxy: str) -> bool:
    scheme = urlsplit(proxy).scheme if "://" in proxy else "http"
    if scheme in ("socks5", "socks5h"):
        return find_spec("socksio") is not None
    return scheme in ("http", "https")

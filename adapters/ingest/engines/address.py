"""The address of what reads settlement lines: the embedded engine, or a Spark Connect server."""

import re
from typing import Final

from domain.refusal import WrongUsage
from domain.sentence import sentence

EMBEDDED: Final = "duckdb://"
_CLUSTER: Final = re.compile(
    r"sc://(?P<host>[\w.-]+|\[[0-9A-Fa-f:]+\])(:(?P<port>[1-9][0-9]{0,4}))?"
    r"(/(;[^;=\s]+=[^;\s]+)*;?)?",
    re.ASCII,
)
_LAST_PORT: Final = 65_535


class EngineInvalid(WrongUsage):
    """An address that is neither the embedded engine's nor a Spark Connect server's."""


def valid_engine(address: str) -> str:
    """Return the address; raises EngineInvalid."""
    found = _CLUSTER.fullmatch(address)
    if address == EMBEDDED or (found and int(found["port"] or 1) <= _LAST_PORT):
        return address
    raise EngineInvalid(
        sentence(
            "{value!r} is not an engine; leave it at duckdb://, or give a Spark Connect server as "
            "sc://host:port, with options as sc://host:port/;use_ssl=true",
            value=without_options(address),
        )
    )


def without_options(address: str) -> str:
    """Return an address without its options, one of which may be a secret."""
    return address.partition(";")[0].rstrip("/") if ";" in address else address

"""The embedded PostgreSQL: a server in a folder, on a Unix socket, without a port.

Its programs come with a package; starting, sharing and stopping it is done here. The server starts
in its folder and gets no path, so that special characters and the length of paths do not matter,
nor parent folders that its user may not enter.
"""

from adapters.postgres.embedded.failure import ServerNotStarted
from adapters.postgres.embedded.server import embedded_url, release_embedded

__all__ = ["ServerNotStarted", "embedded_url", "release_embedded"]

"""The embedded PostgreSQL: a real server in a folder, on a Unix socket, without a port.

The programs that run it come with a package; starting, sharing and stopping it is done here. The
server is started in its folder and told of no path, so neither the signs in a path nor its length
matter to it, nor folders above it that its user may not enter.
"""

from adapters.postgres.embedded.failure import ServerNotStarted
from adapters.postgres.embedded.server import embedded_url, release_embedded

__all__ = ["ServerNotStarted", "embedded_url", "release_embedded"]

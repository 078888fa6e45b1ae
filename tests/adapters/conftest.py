"""The object store, for the adapters that read and write one."""

from tests.object_store import bucket as bucket  # noqa: PLC0414 a fixture of these tests
from tests.object_store import s3_server as s3_server  # noqa: PLC0414 what it needs

"""The data-quality pages: what each check of a delivery found, kept on disk and readable offline.

Belongs here: keeping the gate's validation results, and rendering them as pages that load nothing
from anywhere. Does not: judging (that is `expectations`).
"""

from adapters.data_docs.checks import CheckedDelivery, keep_check, read_checks
from adapters.data_docs.pages import Standing, publish_pages, revision_page

__all__ = [
    "CheckedDelivery",
    "Standing",
    "keep_check",
    "publish_pages",
    "read_checks",
    "revision_page",
]

"""The data-quality pages: the results of each check of a delivery, readable offline.

Belongs here: storing the gate's validation results, and rendering them as self-contained pages.
Does not: checking (`expectations`).
"""

from adapters.data_docs.checks import CheckedDelivery, keep_check, last_checks, read_checks
from adapters.data_docs.pages import publish_pages, revision_page

__all__ = [
    "CheckedDelivery",
    "keep_check",
    "last_checks",
    "publish_pages",
    "read_checks",
    "revision_page",
]

"""Heads sent to a webhook, which cannot be read back."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from adapters.heads.head import NotPublished, PublishedHead
from domain.sentence import sentence

_PATIENCE: Final = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes JSON by POST; only its host is ever shown."""

    url: str

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"the webhook at {urlsplit(self.url).hostname}"

    def publish(self, head: PublishedHead) -> None:
        """Send a head; raises NotPublished unless the answer is a success."""
        try:
            answer = httpx.post(
                self.url,
                content=head.line(),
                headers={"Content-Type": "application/json"},
                timeout=_PATIENCE,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotPublished(sentence("no answer ({kind})", kind=type(error).__name__)) from error
        if not answer.is_success:
            raise NotPublished(sentence("it answered {status}", status=answer.status_code))

    def read(self) -> None:
        """Return nothing: what a webhook was sent is not kept there for this program."""

"""No password and no key of an address is left in a text."""

import pytest

from domain.secrets import without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://kim:hush@host/a is gone", "postgresql://kim:***@host/a is gone"),
        ("postgresql://:hu@sh@host/a", "postgresql://:***@host/a"),
        (
            "postgresql://kim@host/a?password=hush&port=1",
            "postgresql://kim@host/a?password=***&port=1",
        ),
        ("http://a/b?sslpassword=hush", "http://a/b?sslpassword=***"),
        ("http://a/b?X-Amz-Signature=hush;x", "http://a/b?X-Amz-Signature=***;x"),
        ("http://a/b?AWSAccessKeyId=hush", "http://a/b?AWSAccessKeyId=***"),
        ("http://a/b?x-amz-security-token=hush'", "http://a/b?x-amz-security-token=***'"),
        ("host=a password=hush port=1", "host=a password=*** port=1"),
        ("http://127.0.0.1:4200/api, mail kim@a", "http://127.0.0.1:4200/api, mail kim@a"),
        ("--reason key", "--reason key"),
    ],
)
def test_what_is_secret_is_replaced(text: str, shown: str) -> None:
    assert without_secrets(text) == shown

"""The settings of what is outside the service: the ad system, and the stores with their tokens."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from adapters.ad_system.address import (
    AddressInvalid,
    TokenInvalid,
    checked_address,
    checked_token,
)
from domain.sentence import message_of, sentence
from flows.unattended import Unattended

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Outside(Unattended):
    """The settings of delivering conversions, and of serving the stores."""

    ad_system_url: str | None = Field(
        default=None, description="address of the ad system that conversions are delivered to"
    )
    ad_system_token: SecretStr | None = Field(
        default=None, description="the token that the ad system expects"
    )
    ad_system_token_file: Path | None = Field(
        default=None, description="file of the token that the ad system expects"
    )

    stores_jwks: str | None = Field(
        default=None, description="file or URL of the keys that tokens of stores are signed with"
    )
    stores_issuer: str | None = Field(default=None, description="who issues the tokens of stores")
    stores_audience: str = Field(
        default="growth-points", description="for whom the tokens of stores are meant"
    )
    stores_database_url: str | None = Field(
        default=None, description="the login of the stores' process, instead of the database's"
    )

    @field_validator(
        *("ad_system_url", "ad_system_token", "ad_system_token_file"),
        *("stores_jwks", "stores_issuer", "stores_database_url"),
        mode="before",
    )
    @classmethod
    def _unset_if_empty(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("ad_system_url")
    @classmethod
    def _known_address(cls, value: str | None) -> str | None:
        try:
            return value and checked_address(value)
        except AddressInvalid as error:
            raise ValueError(message_of(error)) from None

    @field_validator("stores_jwks")
    @classmethod
    def _safe_keys(cls, value: str | None) -> str | None:
        url = urlsplit(value or "")
        if url.scheme == "http" and url.hostname not in _THIS_MACHINE:
            raise ValueError(
                sentence("keys are fetched over https:// only, except on this machine")
            )
        return value

    @field_validator("ad_system_token")
    @classmethod
    def _a_token(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            return value and SecretStr(checked_token(value.get_secret_value()))
        except TokenInvalid as error:
            raise ValueError(message_of(error)) from None

    @field_validator("ad_system_token_file")
    @classmethod
    def _instead_of_a_token(cls, value: Path | None, others: ValidationInfo) -> Path | None:
        if value and others.data.get("ad_system_token"):
            raise ValueError(
                sentence("GROWTH_POINTS_AD_SYSTEM_TOKEN is set, too; unset one of them")
            )
        return value

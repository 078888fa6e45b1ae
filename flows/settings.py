"""The settings, read once from environment variables."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from adapters.ad_system.address import TokenInvalid, checked_token
from adapters.heads.targets import TargetInvalid, check_targets
from adapters.ingest.engines.address import EMBEDDED, EngineInvalid, valid_engine
from adapters.ingest.root import RootInvalid, valid_root
from adapters.languages.catalog import ENGLISH, Language
from adapters.postgres.waiting import LOCK_TIMEOUT_SECONDS
from domain.approval import ApprovalRule, ApprovalRuleInvalid
from domain.limits import LIMITS, LimitInvalid, parse_limits
from domain.refusal import WrongUsage
from domain.sentence import message_of, sentence
from flows.outside import Outside
from flows.setting_errors import what_is_wrong


class SettingsInvalid(WrongUsage):
    """An environment variable has an invalid value."""


class SettlementsUnknown(WrongUsage):
    """No root of settlement folders was given or configured."""


class Settings(Outside):
    """The settings of the service; each field is read from `GROWTH_POINTS_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="GROWTH_POINTS_", frozen=True)

    home: Path = Field(
        default=Path(".growth-points"),
        description="embedded database, quarantine and reports",
    )
    database_url: str | None = Field(
        default=None, description="a PostgreSQL of your own instead of the embedded one"
    )
    settlements: str | None = Field(
        default=None,
        description="root of the settlement folders, a path, an object-store URL or a table",
    )
    engine: str = Field(
        default=EMBEDDED,
        repr=False,
        description="what reads the settlement lines: duckdb://, or a cluster at sc://host:port",
    )
    senders: Path | None = Field(
        default=None, description="file of the public keys that deliveries must be signed with"
    )
    policies: Path | None = Field(default=None, description="folder of your own policies")
    holidays: Path | None = Field(default=None, description="file of extra public holidays")
    accounts: Path | None = Field(
        default=None, description="file of your account codes, for journal entries"
    )

    pages_url: str | None = Field(
        default=None, description="where reports and data-quality pages are served, for links"
    )

    hosts: str = Field(
        default="",
        description="further names, comma-separated, that reports and the UI are asked for by",
    )

    approval: str = Field(
        default="none",
        description="whether payouts wait for an approval: none, required, or above so many points",
    )

    limits: str = Field(
        default="",
        description="how much of a snapshot may change: name=share pairs with commas between",
    )

    lock_timeout: int = Field(
        default=LOCK_TIMEOUT_SECONDS,
        ge=1,
        le=86_400,
        description="how many seconds to wait for another run before giving up",
    )

    heads: str = Field(
        default="",
        description="where ledger heads are published: files, s3:// and https:// addresses, "
        "comma-separated",
    )

    language: Language = Field(
        default=ENGLISH, description="the language of what people read: en or ko"
    )

    @field_validator("heads")
    @classmethod
    def _known_places(cls, value: str) -> str:
        try:
            check_targets(value)
        except TargetInvalid as error:
            raise ValueError(message_of(error)) from None
        return value

    @field_validator("settlements")
    @classmethod
    def _known_store(cls, value: str | None) -> str | None:
        try:
            return value and valid_root(value)
        except RootInvalid as error:
            raise ValueError(message_of(error)) from None

    @field_validator("limits")
    @classmethod
    def _known_limits(cls, value: str) -> str:
        try:
            parse_limits(value)
        except LimitInvalid as error:
            raise ValueError(message_of(error)) from None
        return value

    @field_validator("home")
    @classmethod
    def _usable_by_prefect(cls, value: Path) -> Path:
        path = str(value.absolute())
        if "?" in path:
            raise ValueError(
                sentence(
                    "{path!r} has a '?', which Prefect's database cannot have in its path",
                    path=path,
                )
            )
        return value

    @field_validator("home")
    @classmethod
    def _named_in_utf_8(cls, value: Path) -> Path:
        path = str(value.absolute())
        try:
            path.encode()
        except UnicodeEncodeError:
            raise ValueError(
                sentence("{path!r} is not UTF-8; name another folder", path=path)
            ) from None
        return value

    @field_validator("approval")
    @classmethod
    def _known_approval(cls, value: str) -> str:
        try:
            ApprovalRule.parse(value)
        except ApprovalRuleInvalid as error:
            raise ValueError(message_of(error)) from None
        return value

    @field_validator(
        *("database_url", "settlements", "senders", "policies", "holidays", "accounts"),
        "pages_url",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("pages_url")
    @classmethod
    def _opens_in_a_browser(cls, value: str | None) -> str | None:
        if value is not None and not _is_web_address(value):
            raise ValueError(
                sentence(
                    "{value!r} is not where pages are served; write it as "
                    "https://points.example or https://points.example/desk",
                    value=value,
                )
            )
        return value

    @field_validator("language", mode="before")
    @classmethod
    def _empty_is_english(cls, value: object) -> object:
        return value or ENGLISH

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        try:
            return valid_engine(value)
        except EngineInvalid as error:
            raise ValueError(message_of(error)) from None

    @classmethod
    def read(cls) -> Self:
        """Read the environment; raises SettingsInvalid, naming the variable."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "GROWTH_POINTS_" + str(first["loc"][0]).upper()
            why = what_is_wrong(first, cls.model_fields)
            raise SettingsInvalid(sentence("{name}: {why}", name=name, why=why)) from None

    @property
    def approval_rule(self) -> ApprovalRule:
        """Which payouts need an approval."""
        return ApprovalRule.parse(self.approval)

    @property
    def limit_shares(self) -> dict[str, float]:
        """The share of a snapshot that may change from month to month, by limit."""
        return {**LIMITS, **parse_limits(self.limits)}

    @property
    def host_names(self) -> tuple[str, ...]:
        """The host names, beside this machine's own, that requests may be made to."""
        of_pages = urlsplit(self.pages_url or "").hostname or ""
        given = (of_pages, *self.hosts.lower().split(","))
        return tuple(name.strip() for name in given if name.strip())

    @property
    def head_places(self) -> tuple[str, ...]:
        """Where ledger heads are published, a place each."""
        return check_targets(self.heads)

    def settlements_root(self, given: str = "") -> str:
        """Return the root of the settlement folders; raises SettlementsUnknown, RootInvalid."""
        root = given or self.settlements
        if root is None:
            raise SettlementsUnknown(
                sentence(
                    "where are the settlement folders? Give their root, or set "
                    "GROWTH_POINTS_SETTLEMENTS where the worker runs."
                )
            )
        return valid_root(root)

    def ad_system_secret(self) -> str | None:
        """Return the ad system's token, from its file if that is set; raises SettingsInvalid."""
        if self.ad_system_token_file is None:
            return self.ad_system_token.get_secret_value() if self.ad_system_token else None
        try:
            return checked_token(self.ad_system_token_file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            unreadable = sentence("it cannot be read as text")
            why = message_of(error) if isinstance(error, TokenInvalid) else unreadable
            raise SettingsInvalid(
                sentence(
                    "GROWTH_POINTS_AD_SYSTEM_TOKEN_FILE: {ad_system_token_file}: {why}",
                    ad_system_token_file=self.ad_system_token_file,
                    why=why,
                )
            ) from None

    @property
    def reports(self) -> Path:
        """Where each month's reports are kept."""
        return self.home / "reports"

    @property
    def quarantine(self) -> Path:
        """Where refused rows are kept."""
        return self.home / "quarantine"

    @property
    def docs(self) -> Path:
        """Where the data-quality pages and the results they show are kept."""
        return self.home / "docs"

    @property
    def fetched(self) -> Path:
        """Where files from an object store are kept while they are read."""
        return self.home / "fetched"

    @property
    def staging(self) -> Path:
        """Where a delivery is kept between reading and recording."""
        return self.home / "staging"


def _is_web_address(text: str) -> bool:
    """Whether a text is the address of a web server, perhaps with a path, and nothing else."""
    try:
        parts = urlsplit(text)
    except ValueError:  # half an IPv6 address
        return False
    is_whole = not (parts.query or parts.fragment or "@" in parts.netloc)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_whole

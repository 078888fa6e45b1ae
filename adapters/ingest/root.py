"""The root of the settlement folders: a folder of this machine, or a place in an object store.

Instead of folders there may be a table of a cluster's catalog, `table:catalog.schema.settlements`,
with the sellers' snapshots in the table `sellers` beside it.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from domain.columns import Content
from domain.delivery import Period, expected_of
from domain.refusal import WrongUsage
from domain.sentence import joined, sentence

STORES: Final = ("s3",)
"""The schemes of object stores that may be read."""

_LOCAL: Final = "file://"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.:-]*)://")
_TABLE: Final = "table:"
_TABLE_NAME: Final = re.compile(r"([A-Za-z_]\w*\.){1,2}[A-Za-z_]\w*", re.ASCII)
_WITHIN: Final = re.compile(r"(?!.*::)[^/?#@]+(/[^?#]*)?")  # a bucket, and folders in it


class RootInvalid(WrongUsage):
    """A root with a scheme that is not known, or with more than a bucket and folders."""


class RootUnknown(WrongUsage):
    """The path given is not a root of settlement folders."""


def is_object_store(root: str) -> bool:
    """Return whether a root is the URL of an object store."""
    return _SCHEME.match(root) is not None and not root.startswith(_LOCAL)


def is_table(root: str) -> bool:
    """Return whether a root is a table of a cluster's catalog."""
    return root.startswith(_TABLE)


def is_folder(root: str) -> bool:
    """Return whether a root is a folder of this machine."""
    return not is_object_store(root) and not is_table(root)


def tables_of(root: str) -> Mapping[Content, str]:
    """Return the names of the tables of lines and of snapshots."""
    lines = root.removeprefix(_TABLE)
    return {
        Content.SETTLEMENTS: lines,
        Content.SELLERS: f"{lines.rpartition('.')[0]}.{Content.SELLERS}",
    }


def local_path(root: str) -> Path:
    """Return the path of a root that is not in an object store."""
    return Path(root.removeprefix(_LOCAL))


def valid_root(root: str) -> str:
    """Return the root; raises RootInvalid for one that is not read, or that holds credentials.

    A root is recorded with every delivery and shown on pages, so credentials are refused.
    """
    if is_table(root):
        return _valid_table(root)
    if not is_object_store(root):
        return root
    scheme, _, place = root.partition("://")
    if scheme not in STORES:
        known = joined((f"{each}://" for each in STORES), sentence(" or "))
        raise RootInvalid(
            sentence(
                "settlement folders are not read from {scheme}://; give a path, or a "
                "URL that begins with {known}",
                scheme=scheme,
                known=known,
            )
        )
    if not _WITHIN.fullmatch(place):
        raise RootInvalid(
            sentence(
                "the root of the settlement folders in {scheme}:// is more than a "
                "bucket and folders; leave out users, keys and parameters, and set "
                "credentials where the program runs (AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY, AWS_PROFILE)",
                scheme=scheme,
            )
        )
    return root


def _valid_table(root: str) -> str:
    lines, sellers = tables_of(root).values()
    if not _TABLE_NAME.fullmatch(lines) or lines == sellers:
        raise RootInvalid(
            sentence(
                "{root} is not a table of settlement lines; write it as "
                "table:catalog.schema.settlements",
                root=root,
            )
        )
    return root


def source_of(root: str, period: Period) -> str:
    """Return the absolute path or the URL of a period's folder, or its place in a table.

    Raises RootInvalid.
    """
    if isinstance(period, date):
        _require_files(root)
    return _place(root, _folder_of(period))


def rewards_of(root: str) -> str:
    """Return the absolute path or the URL of the folder of all reward days; raises RootInvalid."""
    _require_files(root)
    return _place(root, "rewards")


def _require_files(root: str) -> None:
    if is_table(root):
        raise RootInvalid(
            sentence(
                "reward days are delivered in files, and {root} is a table; give the root of their "
                "folders",
                root=root,
            )
        )


def _place(root: str, folder: str) -> str:
    if is_folder(root):
        return str(local_path(root).absolute() / folder)
    return f"{valid_root(root).rstrip('/')}/{folder}"


def require_root(root: str, period: Period) -> None:
    """Raise RootUnknown unless settlement folders can be in it; only folders are looked at."""
    if not is_folder(root):
        return
    folder = local_path(root)
    if not folder.is_dir():
        raise RootUnknown(
            sentence("there is no folder {folder} to look for settlement folders in", folder=folder)
        )
    _refuse_own_folder(folder, period)


def _refuse_own_folder(folder: Path, period: Period) -> None:
    """Raise RootUnknown for the folder of the period itself."""
    own = Path(_folder_of(period))
    if folder.parts[-len(own.parts) :] == own.parts and not (folder / own).exists():
        raise RootUnknown(
            sentence(
                "{folder} is the folder of {period} itself; give the root that contains it, {root}",
                folder=folder,
                period=period,
                root=folder.parents[len(own.parts) - 1],
            )
        )


def _folder_of(period: Period) -> str:
    return f"{expected_of(period).folder}{period}"

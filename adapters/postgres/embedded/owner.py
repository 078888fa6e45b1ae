"""The user that runs the embedded server, since PostgreSQL refuses to run as root.

Started by root, it runs as the owner of its data folder, or as a user created for it. No permission
outside of the home is changed for that user: a folder that bars it from PostgreSQL's programs is
reported.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.postgres.embedded.failure import ServerNotStarted
from domain.sentence import Text, sentence

_OWN_USER: Final = "pgserver"
_ROOT: Final = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """A user of this machine who is not root."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        """The name of the user, or the number if there is no name."""
        return name_of(self.uid)

    def may_enter(self, folder: Path) -> bool:
        """Return whether the user may enter a folder or execute a file."""
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def name_of(uid: int) -> str:
    """Return the name of a user, or the number if there is no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner_of(folder: Path) -> Owner | None:
    """Return the user to run the server of a data folder; None is the current user.

    Raises ServerNotStarted if the folder belongs to another user.
    """
    found = folder.stat() if folder.exists() else None
    if os.geteuid() != _ROOT:
        if found is not None:
            _require_own(folder, found.st_uid)
        return None
    if found is not None and found.st_uid != _ROOT:
        return Owner(found.st_uid, found.st_gid)
    return _own_user(folder)


def _require_own(folder: Path, uid: int) -> None:
    """Raise ServerNotStarted if a folder belongs to another user than the current one."""
    if uid != os.geteuid():
        raise ServerNotStarted(
            folder,
            sentence(
                "it belongs to {owner!r}, who alone may run it, and this is {user!r}",
                owner=name_of(uid),
                user=name_of(os.geteuid()),
            ),
        )


def change_owner(folder: Path, owner: Owner | None) -> None:
    """Change the owner of root's folder and its content to the server's user."""
    if owner is None or folder.stat().st_uid == owner.uid:
        return
    for each in (folder, *folder.rglob("*")):
        os.chown(each, owner.uid, owner.gid, follow_symlinks=False)


def execution_barrier(owner: Owner | None, program: Path) -> Text:
    """Explain why the server's user cannot execute one of PostgreSQL's programs."""
    if owner is not None:
        for each in (*reversed(program.parents), program):
            if not owner.may_enter(each):
                return sentence(
                    "root's server runs as {name!r}, who may not enter {folder}, where "
                    "PostgreSQL's programs are; allow it by 'chmod o+x', or do not work as "
                    "root",
                    name=owner.name,
                    folder=each,
                )
    return sentence("{program} may not be executed", program=program)


def _own_user(folder: Path) -> Owner:
    try:
        found = pwd.getpwnam(_OWN_USER)
    except KeyError:
        useradd = shutil.which("useradd")
        if useradd is None:
            raise ServerNotStarted(
                folder,
                sentence("as root it needs a user {user!r}; create it first", user=_OWN_USER),
            ) from None
        subprocess.run([useradd, "-s", "/bin/bash", _OWN_USER], check=True, capture_output=True)  # noqa: S603 our own words
        found = pwd.getpwnam(_OWN_USER)
    return Owner(found.pw_uid, found.pw_gid)

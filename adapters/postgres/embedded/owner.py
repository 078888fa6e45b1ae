"""As whom the embedded server runs: PostgreSQL refuses to run as root.

Started by root it runs as the owner of its data folder, or as a user that is made for it. Nothing
outside of the home is opened for that user: the data folder is entered for it, and a folder that
keeps it from PostgreSQL's programs is named.
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

_MADE_FOR_IT: Final = "pgserver"
_ROOT: Final = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """A user of this machine who is not root."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        """By which name the machine knows the user, if by any."""
        return name_of(self.uid)

    def may_enter(self, folder: Path) -> bool:
        """Say whether the user may enter a folder, or execute a file."""
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def name_of(uid: int) -> str:
    """Give the name of a user, or the number where the machine knows no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner_of(folder: Path) -> Owner | None:
    """Find as whom the server of a data folder runs; None: as whoever runs this process.

    Raises ServerNotStarted where the folder belongs to somebody else.
    """
    found = folder.stat() if folder.exists() else None
    if os.geteuid() != _ROOT:
        if found is not None and found.st_uid != os.geteuid():
            raise ServerNotStarted(
                folder,
                f"it belongs to {name_of(found.st_uid)!r}, who alone may run it, "
                f"and this is {name_of(os.geteuid())!r}",
            )
        return None
    if found is not None and found.st_uid != _ROOT:
        return Owner(found.st_uid, found.st_gid)
    return _made_for_it(folder)


def give(folder: Path, owner: Owner | None) -> None:
    """Give a folder of root's and all that is in it to the server's user."""
    if owner is None or folder.stat().st_uid == owner.uid:
        return
    for each in (folder, *folder.rglob("*")):
        os.chown(each, owner.uid, owner.gid, follow_symlinks=False)


def what_bars(owner: Owner | None, program: Path) -> str:
    """Say what keeps the server's user from one of PostgreSQL's programs."""
    if owner is not None:
        for each in (*reversed(program.parents), program):
            if not owner.may_enter(each):
                return (
                    f"root's server runs as {owner.name!r}, who may not enter {each}, where "
                    f"PostgreSQL's programs are; allow it by 'chmod o+x', or do not work as root"
                )
    return f"{program} may not be executed"


def _made_for_it(folder: Path) -> Owner:
    try:
        found = pwd.getpwnam(_MADE_FOR_IT)
    except KeyError:
        useradd = shutil.which("useradd")
        if useradd is None:
            raise ServerNotStarted(
                folder, f"as root it needs a user {_MADE_FOR_IT!r}, which is to be made first"
            ) from None
        subprocess.run([useradd, "-s", "/bin/bash", _MADE_FOR_IT], check=True, capture_output=True)  # noqa: S603 our own words
        found = pwd.getpwnam(_MADE_FOR_IT)
    return Owner(found.pw_uid, found.pw_gid)

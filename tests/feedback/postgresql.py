"""A real PostgreSQL for the tests: its own folder and socket, no network, gone when the tests end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from tempfile import mkdtemp

import psycopg

SOMEBODY = ("postgres", "nobody")  # PostgreSQL refuses to run as root
FASTER = "-c fsync=off -c listen_addresses='' -c max_connections=200"


def binaries() -> Path | None:
    """Where `initdb` is: on the path, or where Debian keeps each version's own."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


class Server:
    def __init__(self, folder: Path) -> None:
        self.bin = folder
        self.home = Path(mkdtemp(prefix="pg", dir="/tmp"))  # the path of a socket must be short
        self.user = self._somebody()
        self._run("initdb", "--no-sync", "-A", "trust", "-U", "ivig", "-E", "UTF8", "--no-locale")
        self.count = 0
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-l", str(self.home / "log"), "-o", f"{FASTER} -k {self.home}", "start")

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-w", "-m", how, "stop")

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.home)

    def fresh(self) -> str:
        """The URL of a new, empty schema: a database for each test would be some thousand files."""
        self.count += 1
        with psycopg.connect(f"postgresql://ivig@/postgres?host={self.home}", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA test{self.count}")
        return f"postgresql://ivig@/postgres?host={self.home}&options=-csearch_path%3Dtest{self.count}"

    def hang(self) -> None:
        """Every process of it stops where it is; the kernel still takes what is sent."""
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def go_on(self) -> None:
        for process in self._processes():
            os.kill(process, signal.SIGCONT)

    def _processes(self) -> list[int]:
        first = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def _somebody(self) -> str | None:
        if os.getuid() != 0:
            return None
        name = next(name for name in SOMEBODY if name in {one.pw_name for one in pwd.getpwall()})
        shutil.chown(self.home, name)
        return name

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [self.bin / command, "-D", self.home / "data", *arguments],
            user=self.user,
            cwd=self.home,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )

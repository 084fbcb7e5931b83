"""script/server is killed in every way; committed rows stay, and nothing is left behind."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest

from config.supervisor.layout import ROOT, from_environment

# In order: each test leaves the running server as whole as it found it.
PATIENCE = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(app_data, **more):
    outside = ("DATABASE_", "REDIS_URL", "APP_", "DJANGO_", "PORT")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(outside)}
    return {
        **kept,
        "APP_DATA": str(app_data),
        "APP_DEMO": "0",
        "APP_DEBUG": "1",  # without compressing static files; test_compose.py does that
        "PYTHONPATH": str(ROOT),
        **more,
    }


class Server:
    def __init__(self, app_data, *, prefix=()):
        self.app_data = app_data
        self.port = free_port()
        self.env = environment(app_data, PORT=str(self.port))
        self.layout = from_environment(self.env)
        self._prefix = prefix

    def start(self):
        self.process = subprocess.Popen(
            [*self._prefix, sys.executable, "-P", "-m", "config.supervisor", "serve"],
            env=self.env,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if line != f"ready: http://127.0.0.1:{self.port}\n":
            self.process.kill()
            pytest.fail(f"not ready: {line}{self.process.stderr.read()}")

    def page(self):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status
        finally:
            line.close()

    def sql(self, text):
        connection = psycopg2.connect(self.layout.database_url("postgres"))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def children(self):
        """Child name -> process number, told apart by what they run."""
        signs = {
            "postgres": "/postgres -D",
            "valkey": "valkey-server",
            "web": "gunicorn",
            "worker": "celery worker",
            "beat": "celery beat",
        }
        commands = {
            pid: command
            for pid, (parent, command) in processes().items()
            if parent == self.process.pid
        }
        return {
            name: pid
            for pid, command in commands.items()
            for name, sign in signs.items()
            if sign in command.replace("-A config.celery ", "")
        }

    def everything(self):
        """The supervisor and all below it."""
        table = processes()
        found, more = set(), {self.process.pid}
        while more:
            found |= more
            more = {pid for pid, (parent, _) in table.items() if parent in found} - found
        return found


def processes():
    table = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if status[0] != "Z":
            table[int(folder.name)] = (int(status[1]), command)
    return table


def eventually(holds, *, within=PATIENCE):
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if holds():
                return
        except (OSError, psycopg2.Error, http.client.HTTPException):
            pass
        time.sleep(0.1)
    pytest.fail(f"did not come true within {within} s")


@pytest.fixture(scope="module")
def app_data():
    with tempfile.TemporaryDirectory(prefix="notless-data-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="module")
def server(app_data):
    server = Server(app_data)
    server.start()
    server.sql("CREATE TABLE kept (n int)")
    yield server
    server.process.terminate()
    server.process.wait(PATIENCE)


def test_it_answers_only_on_this_machine_and_keeps_its_secrets_private(server):
    assert server.page() == 200
    private = ["secret.key", "keyring.json", "log/web.log"]
    assert [(server.app_data / name).stat().st_mode & 0o077 for name in private] == [0, 0, 0]
    assert set(server.children()) == {"postgres", "valkey", "web", "worker", "beat"}


def test_each_child_knows_its_own_role_only(server):
    children = server.children()
    for name, role in [("web", "notless_web"), ("worker", "notless_worker")]:
        known = Path(f"/proc/{children[name]}/environ").read_bytes().decode()
        assert re.findall(r"postgresql://(\w+)@", known) == [role]


@pytest.mark.parametrize("name", ["postgres", "valkey", "web", "worker", "beat"])
def test_a_killed_child_comes_back_and_no_committed_row_is_lost(server, name):
    server.sql("INSERT INTO kept VALUES (1)")
    rows = server.sql("SELECT count(*) FROM kept")
    before = server.children()

    os.kill(before[name], signal.SIGKILL)

    eventually(lambda: server.children().get(name, before[name]) != before[name])
    eventually(lambda: server.page() == 200)
    eventually(lambda: server.sql("SELECT count(*) FROM kept") == rows)
    assert {k: v for k, v in server.children().items() if k != name} == {
        k: v for k, v in before.items() if k != name
    }


def test_a_second_server_on_the_same_data_is_refused(server):
    asked = subprocess.run(
        [sys.executable, "-P", "-m", "config.supervisor", "serve"],
        env=server.env,
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 1
    assert "already runs" in asked.stderr


def test_a_command_joins_the_running_database_and_prints_only_its_own_output(server):
    asked = subprocess.run(
        [sys.executable, "-P", "-m", "config.supervisor", "manage", "version"],
        env=server.env,
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert re.fullmatch(r"5\.2\.\d+\n", asked.stdout)
    assert "postgres" in server.children()


def test_killing_the_supervisor_leaves_nothing_and_the_next_start_finds_every_row(server):
    rows = server.sql("SELECT count(*) FROM kept")
    family = server.everything()

    server.process.kill()
    server.process.communicate()

    eventually(lambda: not family & set(processes()))
    server.start()
    assert server.sql("SELECT count(*) FROM kept") == rows


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(server, number):
    family = server.everything()

    server.process.send_signal(number)
    _, said = server.process.communicate(timeout=PATIENCE)

    assert server.process.returncode == 0, said
    assert not family & set(processes())
    if number == signal.SIGINT:
        server.start()


NOBODY = 65534


def python_of_an_ordinary_user(env):
    """A command that gives up root and runs Python, or a skip that says why there is none."""
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv on this machine")
    # env between the two: only its exec drops the capabilities that would open root's folders.
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env"]
    said = ""
    # The virtual environment's Python may be a link into /root: then the machine's own.
    for python in (sys.executable, "/usr/bin/python3"):
        command = [*prefix, python, "-P"]
        probe = [*command, "-c", "import config.supervisor.bootstrap, django, celery"]
        tried = subprocess.run(probe, env=env, cwd="/", capture_output=True, text=True)
        if tried.returncode == 0:
            return command
        said += tried.stderr[-200:]
    pytest.skip(f"an ordinary user can run no Python with these packages: {said}")


def test_root_is_not_needed():
    if os.geteuid() != 0:
        pytest.skip("not root: the other tests here ran as an ordinary user already")
    with tempfile.TemporaryDirectory(prefix="notless-data-", dir="/tmp") as folder:
        os.chown(folder, NOBODY, NOBODY)
        packages = sysconfig.get_path("purelib")
        env = environment(folder, PYTHONPATH=f"{ROOT}:{packages}")
        python = python_of_an_ordinary_user(env)
        done = subprocess.run(
            [*python, "-m", "config.supervisor", "manage", "version"],
            env=env,
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        made = {path.name: path.lstat().st_uid for path in Path(folder).iterdir()}
    assert made["pg"] == made["valkey"] == made["keyring.json"] == NOBODY


def test_data_in_a_folder_closed_to_the_database_account_works_too():
    if os.geteuid() != 0:
        pytest.skip("only root's database runs under another account")
    roles = "SELECT count(*) FROM pg_roles WHERE rolname ~ '^notless_'"
    with tempfile.TemporaryDirectory(prefix="notless-data-", dir="/tmp") as folder:
        asked = subprocess.run(
            [sys.executable, "-P", "-m", "config.supervisor", "client", "psql", "-Atc", roles],
            env=environment(folder),
            cwd="/",
            capture_output=True,
            text=True,
        )
        elsewhere = (Path(folder) / "pg").resolve().parent
        shutil.rmtree(elsewhere)
    assert asked.stdout == "3\n", asked.stderr
    assert elsewhere.parent == Path("/var/lib/notless")

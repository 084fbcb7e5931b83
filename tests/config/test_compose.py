"""No container engine here: every command of docker-compose.yml runs against local servers."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import yaml

from config.supervisor.bootstrap import make_database
from config.supervisor.child import spawn
from config.supervisor.layout import ROOT
from config.supervisor.postgres import client_binaries
from core.crypto import SM4_GCM, _read
from tests.config.test_supervisor import eventually, free_port
from tests.plugin import servers

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "notless"}


def filled_in(text):
    """As compose does: ${NAME:-default}, ${NAME:?message}, $$ for a dollar sign."""
    known = {"APP_HOST": "notless.example"}
    put = lambda found: known.get(found[1], (found[2] or "")[2:])  # noqa: E731
    return re.sub(r"\$\{(\w+)(:[-?][^}]*)?\}", put, text).replace("$$", "$")


def test_there_is_a_service_for_every_part():
    assert set(SERVICES) == {"db", "broker", "migrate", "web", "worker", "beat", "proxy"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_is_closed(name):
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    # Only the proxy is seen from outside.
    assert ("ports" in service) == (name == "proxy")
    assert name == "migrate" or service["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_exists(name):
    service = SERVICES[name]
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    for volume in service.get("volumes", ()):
        source = filled_in(volume).split(":")[0]
        assert (
            source in COMPOSE["volumes"] or source == "./secrets/tls" or (ROOT / source).is_file()
        )


def test_no_secret_stands_in_the_environment():
    for service in SERVICES.values():
        values = {**service.get("environment", {})}
        assert not [
            key
            for key in values
            if re.search("PASSWORD$|SECRET|_URL$", key) and key not in ("APP_URL", "REDIS_URL")
        ]


def test_the_image_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]
    copied = [line.split()[1:-1] for line in lines if re.match("COPY (?!--)", line)]
    assert all((ROOT / source).exists() for sources in copied for source in sources)


@pytest.fixture(scope="module")
def secrets():
    with tempfile.TemporaryDirectory() as folder:
        maker = ROOT / "config/deploy/make-secrets"
        subprocess.run(["sh", maker, folder], check=True)
        first = {path.name: path.read_text() for path in Path(folder).iterdir()}
        subprocess.run(["sh", maker, folder], check=True)
        assert first == {path.name: path.read_text() for path in Path(folder).iterdir()}
        files = {Path(entry["file"]).name for entry in COMPOSE["secrets"].values()}
        assert set(first) == files
        yield Path(folder)


def test_the_made_key_ring_is_one_the_application_reads(secrets):
    ring = _read(json.loads((secrets / "keyring.json").read_text()))
    assert ring.current.scheme == SM4_GCM
    assert len(ring.index_secret) == 32


@pytest.fixture(scope="module")
def database(secrets):
    """A database made by the two files that the database image runs at its first start."""
    name = "notless"
    url = servers.postgres.url(database=name)
    make_database(maintenance_url=servers.postgres.url(), url=url, name=name)
    folder = urlsplit(url).query.removeprefix("host=")
    env = {
        "PATH": f"{client_binaries()}:{os.environ['PATH']}",
        "PGHOST": folder,
        "POSTGRES_USER": "postgres",
        "POSTGRES_DB": name,
        "APP_SECRETS": str(secrets),
    }
    subprocess.run(["sh", ROOT / "config/deploy/passwords.sh"], env=env, check=True)
    return url


def test_each_role_gets_its_own_password(database, secrets):
    with psycopg2.connect(database) as superuser, superuser.cursor() as cursor:
        cursor.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolname ~ '^notless_'")
        kept = dict(cursor.fetchall())
    assert set(kept) == {"notless_owner", "notless_web", "notless_worker"}
    assert all(value.startswith("SCRAM-SHA-256$") for value in kept.values())
    assert len(set(kept.values())) == 3


class Container:
    """A service of ours run here: its command and environment, with local addresses."""

    def __init__(self, name, *, secrets, folder):
        self.service = OURS[name]
        self.log = folder / f"{name}.log"
        stated = {key: filled_in(str(value)) for key, value in self.service["environment"].items()}
        assert set(self.service["secrets"]) == {
            f"password_{stated['DATABASE_ROLE']}",
            "secret_key",
            "keyring",
        }
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            **stated,
            "APP_SECRETS": str(secrets),
            "APP_KEYRING": str(secrets / "keyring.json"),
            "APP_DATA": str(folder),
            "APP_BIND": f"127.0.0.1:{free_port()}",
            "DATABASE_ADDRESS": f"/notless?host={servers.run / 'pg'}",
            "REDIS_URL": f"redis+socket://{servers.run / 'valkey.sock'}?virtual_host=1",
            "TMPDIR": str(folder),
        }

    def start(self):
        output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        words = self._local(self.service["command"])
        self.process = spawn(words, env=self.env, cwd=ROOT, output=output)
        os.close(output)

    def says(self, text):
        return text in self.log.read_text()

    def is_healthy(self):
        kind, *words = self.service["healthcheck"]["test"]
        command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        asked = subprocess.run(self._local(command), env=self.env, cwd=ROOT, capture_output=True)
        return asked.returncode == 0

    def stop(self):
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log.read_text()[-2000:]

    def _local(self, command):
        own = str(self.log.parent)
        words = [filled_in(word).replace("/tmp", own) for word in command]
        return [str(ROOT / "config/deploy/entry"), *words]


@pytest.fixture(scope="module")
def migrated(database, secrets):
    with tempfile.TemporaryDirectory() as folder:
        migrate = Container("migrate", secrets=secrets, folder=Path(folder))
        migrate.start()
        assert migrate.process.wait(120) == 0, migrate.log.read_text()
        yield Path(folder)


def test_migrate_fills_the_database_and_the_folder_of_static_files(migrated, database):
    with psycopg2.connect(database) as superuser, superuser.cursor() as cursor:
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'django_migrations'")
        assert cursor.fetchall() == [("notless_owner",)]
    assert (migrated / "static" / "staticfiles.json").exists()


@pytest.mark.parametrize(
    ("name", "sign"),
    [("web", "Listening at"), ("worker", " ready."), ("beat", "beat: Starting")],
)
def test_the_service_starts_answers_its_health_check_and_stops(migrated, secrets, name, sign):
    container = Container(name, secrets=secrets, folder=migrated)
    container.start()
    try:
        eventually(lambda: container.says(sign))
        eventually(container.is_healthy)
    finally:
        container.stop()

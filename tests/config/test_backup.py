"""The backup and restore of docs/operation.md, on folders of their own."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.config.test_supervisor import environment

ROWS = "SELECT count(*), sum(n) FROM kept"


def run(app_data, *arguments):
    return subprocess.run(
        [sys.executable, "-P", "-m", "config.supervisor", *arguments],
        env=environment(app_data),
        cwd=app_data.parent,
        capture_output=True,
        text=True,
    )


def psql(app_data, text):
    done = run(app_data, "client", "psql", "-AtX", "-v", "ON_ERROR_STOP=1", "-c", text)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="notless-backup-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def test_a_dump_comes_back_in_another_place_with_the_same_keys_only(folder):
    office, drill = folder / "office", folder / "drill"
    psql(office, "CREATE TABLE kept AS SELECT n FROM generate_series(1, 1000) n")
    psql(office, "CREATE TABLE django_migrations ()")
    psql(office, "GRANT SELECT ON kept TO notless_web")
    dumped = run(office, "client", "pg_dump", "--format=custom", "--file=copy.dump")
    assert dumped.returncode == 0, dumped.stderr

    drill.mkdir(mode=0o711)
    key_file = (office / "keyring.json").read_text()
    (drill / "keyring.json").write_text(key_file)
    restored = run(drill, "client", "pg_restore", "--exit-on-error", "copy.dump")
    assert restored.returncode == 0, restored.stderr

    assert psql(drill, ROWS) == psql(office, ROWS) == "1000|500500\n"
    assert psql(drill, "SELECT has_table_privilege('notless_web', 'kept', 'SELECT')") == "t\n"
    assert (drill / "keyring.json").read_text() == key_file

    (drill / "keyring.json").unlink()
    refused = run(drill, "client", "psql", "-c", ROWS)
    assert refused.returncode == 1
    assert "put the key file back from its backup" in refused.stderr
    assert not (drill / "keyring.json").exists()

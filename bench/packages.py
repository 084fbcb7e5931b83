"""What the product is compared with; it lies beside the product's environment, never in it."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-bench.txt"
FOLDER = ROOT / "bench" / ".packages"


def install():
    mark = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamp = FOLDER / ".installed"
    if stamp.exists() and stamp.read_text() == mark:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-input", "--require-hashes", "--target", FOLDER, "-r", LOCK]
    subprocess.run([*pip, *options], check=True, stdout=sys.stderr)
    stamp.write_text(mark)

# Sourced by the other scripts: sets $root and $python (3.11 or newer).
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
python=
for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3" >&2
    exit 1
fi

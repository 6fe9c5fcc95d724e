# Sourced by every finding: an environment in a temporary folder, and a comparison with what was seen before.
set -euo pipefail
unset PYTHONPATH
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

install() { # pinned packages, into the temporary folder; only what is imported is compiled
    "$python" -m venv --without-pip env
    "$python" -m pip --quiet --disable-pip-version-check --python env/bin/python install --no-compile "$@" 2> install.log ||
        { cat install.log; exit 2; }
    echo "$(env/bin/python --version) $*"
}

run() { # the program on standard input; what it prints is kept
    cat > program.py
    env/bin/python -W ignore program.py 2> errors.log | tee seen.txt || { tail -n 5 errors.log; exit 2; }
}

expect() { # the output on standard input is what was seen before
    cat > before.txt
    diff before.txt seen.txt > changes.txt || { echo "now it says otherwise:"; cat changes.txt; exit 1; }
    echo "as before"
}

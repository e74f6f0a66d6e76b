#!/bin/sh
# make audit: what is known against our code (bandit) and against what the locks pin (pip-audit), in a venv of its own.
# Exit status: 0 nothing is known; 1 something is; 3 bandit found nothing, and the index of known flaws did not answer.
set -eu
cd "$(dirname "$0")/.."
bin=${1:?expected the directory of the programs}
"$bin/bandit" --quiet --configfile pyproject.toml --recursive producer worker tasks settings sandbox traffic stack demo
# Benchmarks assert what their measurement rests on.
"$bin/bandit" --quiet --configfile pyproject.toml --skip B101 --recursive bench
# The examples' own tests stand beside what they test, and assert.
"$bin/bandit" --quiet --configfile pyproject.toml --recursive --exclude "$(find examples -name 'test*.py' | paste -sd, -)" examples
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
worst=0
for lock in service image dev browser; do
    # Its own exit status says nothing of packages that it could not ask for; audited.py does.
    "$bin/pip-audit" --progress-spinner off --disable-pip --require-hashes -r "requirements/$lock.txt" \
        --format json --output "$report/$lock.json" 2>"$report/$lock.log" || true
    status=0
    "$bin/python" requirements/audited.py "$lock" "$report/$lock.json" || status=$?
    [ "$status" -ne 1 ] || exit 1
    [ "$status" -eq 0 ] || worst=$status
done
exit "$worst"

#!/bin/sh
# The image's roles: docker run IMAGE worker|beat|flower|metrics|sandbox|settings, and more arguments for the command.
# The first four are the Procfile's own commands.
set -eu
role=${1:-worker}
[ $# -eq 0 ] || shift
case "$role" in
worker | beat | flower | metrics) eval "exec $(sed -n "s/^$role: *//p" Procfile) \"\$@\"" ;;
sandbox) exec python -m sandbox "$@" ;;
settings) exec python -m worker settings "$@" ;;
*)
    echo "unknown role '$role': expected worker, beat, flower, metrics, sandbox or settings" >&2
    exit 64
    ;;
esac

#!/bin/sh
# The image's roles: docker run IMAGE worker|beat|flower|metrics|sandbox|settings, and more arguments for the command.
# Those that the Procfile has are the Procfile's own commands.
set -eu
role=${1:-worker}
[ $# -eq 0 ] || shift
case "$role" in
*[!a-z]*) command="" ;; # no name of a role, and no pattern for sed
*) command=$(sed -n "s/^$role: *//p" Procfile) ;;
esac
case "$role" in
sandbox) exec python -m sandbox "$@" ;;
settings) exec python -m worker settings "$@" ;;
*)
    if [ -z "$command" ]; then
        echo "unknown role '$role': expected one of $(sed -n 's/:.*/,/p' Procfile | tr '\n' ' ')sandbox or settings" >&2
        exit 64
    fi
    eval "exec $command \"\$@\""
    ;;
esac

#!/bin/sh
# make image-try: builds the image from its Dockerfile with buildah, without a Docker engine, and runs its roles as it is
# meant to run: a read-only file system, a user who is not root, nothing writable but /tmp. Then a receipt has to be covered.
#
# The base: BASE, where a registry can be reached (BASE=python:3.13-slim-bookworm), else Debian made by debootstrap, with
# Debian's own Python. Needs root and Debian's buildah, debootstrap, redis-server. Writes to DIR (.image), which it keeps.
set -eu
cd "$(dirname "$0")/.."
dir=$(mkdir -p "${DIR:-.image}" && cd "${DIR:-.image}" && pwd)
image=localhost/receipt-sync:try
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
redis_port=${REDIS_PORT:-16379} api_port=${API_PORT:-18090}

say() { printf '%s\n' "== $*"; }
build() { buildah --root "$dir/storage" --runroot "$dir/run" "$@"; }
for program in buildah debootstrap redis-server unshare; do
    command -v "$program" >/dev/null || { echo "no $program here; on Debian: apt-get install buildah debootstrap redis-server" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "making a base and changing roots needs root" >&2; exit 2; }

if [ -z "${BASE:-}" ]; then
    BASE=localhost/receipt-sync-base:try
    if ! build inspect --type image "$BASE" >/dev/null 2>&1; then
        say "base: Debian by debootstrap"
        [ -e "$dir/base/usr/bin/python3" ] || debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
            bookworm "$dir/base" >"$dir/debootstrap.log"
        base=$(build from scratch)
        build copy -q "$base" "$dir/base" / >/dev/null
        build config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
        build commit -q "$base" "$BASE" >/dev/null
        build rm "$base" >/dev/null
    fi
fi
say "build on $BASE"
# The machine's authorities: package indexes may stand behind one of its own.
build bud -q --layers --build-arg "BASE=$BASE" -v /etc/ssl/certs:/etc/ssl/certs:ro -f docker/Dockerfile -t "$image" . >"$dir/build.log"
container=$(build from "$image")
root=$(build mount "$container")

running=""
end() {
    # A change of user makes a process outlive its parent, so each is ended by name: the first of its namespace, with all of it.
    for process in $running; do
        for first in $(pgrep -P "$process") "$process"; do kill -KILL "$first" 2>/dev/null || true; done
    done
    wait
    build umount "$container" >/dev/null
    build rm "$container" >/dev/null
    rm -rf "$dir/redis"
}
trap end EXIT INT TERM

# One role as a container has it, but for the network: its root is bound read-only, /tmp is its own, its user is 10001.
# shellcheck disable=SC2016 # for the inner shell
inside='
    mount --bind -o ro "$ROOT" "$ROOT" && mount -o remount,bind,ro "$ROOT"
    mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp" && mount -t proc proc "$ROOT/proc"
    mount --bind /dev "$ROOT/dev" && mount -t tmpfs -o mode=1777 tmpfs "$ROOT/dev/shm"
    exec chroot --userspec=10001:10001 "$ROOT" /usr/bin/env -i PATH=/venv/bin:/usr/bin:/bin HOME=/tmp PYTHONPATH=/app:/app/producer \
        PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 REDIS_URL="redis://127.0.0.1:$REDIS_PORT/0" \
        QUICKBLOX_ENDPOINT="http://127.0.0.1:$API_PORT" QUICKBLOX_API_KEY=sandbox-api-key FLOWER_PORT=15555 METRICS_PORT=19464 \
        FLOWER_BASIC_AUTH=me:secret /bin/sh -c "cd /app && exec \"\$0\" \"\$@\"" "$@"
'
become() {
    export ROOT="$root" REDIS_PORT="$redis_port" API_PORT="$api_port"
    exec unshare --mount --pid --fork --kill-child /bin/sh -c "$inside" inside "$@"
}
run() { (become "$@"); }
role() {
    become /bin/sh /entrypoint.sh "$@" >"$dir/$1.log" 2>&1 &
    running="$running $!"
}
wait_for() { # what, file, words
    tries=0
    until grep -q "$3" "$2"; do
        tries=$((tries + 1))
        [ "$tries" -le 120 ] || { echo "$1 did not say '$3' within a minute:" >&2; tail -n 20 "$2" >&2; exit 1; }
        sleep 0.5
    done
    say "$1: $3"
}

say "who and what it may write"
run /bin/sh -c 'id -u; touch /tmp/ours && echo "may write /tmp"; [ "$(id -u)" -ne 0 ] && ! touch /app/x && ! touch /venv/x'
mkdir -p "$dir/redis"
redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$dir/redis" --maxmemory-policy noeviction >"$dir/redis.log" &
running="$running $!"
role sandbox --port "$api_port"
wait_for sandbox "$dir/sandbox.log" "sandbox listens on"
for name in $(sed -n 's/:.*//p' Procfile); do
    role "$name"
    [ "$name" != worker ] || worker=$!
done
wait_for worker "$dir/worker.log" " ready\."
wait_for beat "$dir/beat.log" "beat: Starting"
wait_for flower "$dir/flower.log" "Visit me at"

say "a receipt is recorded, and its PUT has to come"
run python -c '
import time
from receipt_sync import ReceiptQueue
from sandbox.client import SandboxClient
import os
api = SandboxClient(os.environ["QUICKBLOX_ENDPOINT"])
dialog = "d" * 24
api.build_world(users=(7, 123), dialogs=[{"_id": dialog, "type": 2, "occupants_ids": [7, 123]}], messages=[])
ReceiptQueue.from_env().mark_dialog_read(dialog, user_id=123)
until = time.monotonic() + 30
while not any(call.method == "PUT" and call.applied for call in api.journal()):
    assert time.monotonic() < until, "no PUT within 30 s"
    time.sleep(0.2)
print("covered")
from urllib.request import urlopen
said = urlopen("http://127.0.0.1:" + os.environ["METRICS_PORT"] + "/metrics", timeout=10).read().decode()
assert "receipts_recorded_total" in said, said
print("the exporter tells")
'
# shellcheck disable=SC2016 # for the inner shell
nsenter --target "$(pgrep -P "$worker")" --mount --pid --root -S 10001 -G 10001 /usr/bin/env -i PATH=/venv/bin:/usr/bin:/bin \
    HOME=/tmp PYTHONPATH=/app:/app/producer /bin/sh -c 'cd /app && exec python -m worker health live'

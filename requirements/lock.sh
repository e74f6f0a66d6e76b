#!/bin/sh
# Renews the locks: the newest stable releases, for every supported Python and platform, with hashes and without addresses.
set -eu
cd "$(dirname "$0")"
lock() {
    uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-header --no-annotate --quiet "$@"
}
lock service.in --output-file service.txt
lock dev.in --constraint service.txt --output-file dev.txt
lock image.in --constraint dev.txt --output-file image.txt
lock browser.in --constraint dev.txt --output-file browser.txt
lock audit.in --output-file audit.txt
lock kubernetes.in --constraint dev.txt --output-file kubernetes.txt
lock docs.in --constraint dev.txt --output-file docs.txt
lock openapi.in --constraint dev.txt --output-file openapi.txt

#!/bin/sh
# Makes a backup: database, public and private files, checksums. Prints its folder; exit code 0 only when it is whole.
# Secrets (.env, secrets.env) are not in it: keep them elsewhere, for without them it is of no use.
#
#   BACKUP_DIR        the folder of all backups       (default: backups below PAIRLY_VAR_DIR)
#   BACKUP_KEEP_DAYS  older ones are removed          (default: 30)
#   BACKUP_METRICS    file for Prometheus' textfile collector, written after success only
#   BACKUP_AFTER      command that gets the folder as $1: encrypt it and take it to another place (docs/operations.md)
set -eu
cd "$(dirname "$0")/.."
python=python
[ -x .venv/bin/python ] && python=.venv/bin/python

set -- --keep-days "${BACKUP_KEEP_DAYS:-30}"
[ -n "${BACKUP_DIR:-}" ] && set -- "$@" --to "$BACKUP_DIR"
# With a command to follow, success is its success too.
[ -n "${BACKUP_METRICS:-}" ] && set -- "$@" --metrics "$BACKUP_METRICS${BACKUP_AFTER:+.local}"

folder=$("$python" manage.py backup "$@")
if [ -n "${BACKUP_AFTER:-}" ]; then
    sh -c "$BACKUP_AFTER" backup-after "$folder" >&2
    [ -n "${BACKUP_METRICS:-}" ] && mv "$BACKUP_METRICS.local" "$BACKUP_METRICS"
fi
echo "$folder"

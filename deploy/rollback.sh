#!/bin/sh
# Back to the version before: deploy/rollback.sh [--keep-schema] [VERSION]
# Says which migrations that version does not know. They are reversed when nothing would be lost by that; when data
# would be lost it refuses. --keep-schema leaves them in place: the rule of this project is that a version works with
# the schema of the next one, so this is the way back that loses nothing.
set -eu
cd "$(dirname "$0")/.."
state=${PAIRLY_STATE_DIR:-var/deploy}
keep=
if [ "${1:-}" = --keep-schema ]; then keep=1; shift; fi
current=$(cat "$state/current" 2>/dev/null) || { echo "rollback.sh: no version was deployed by deploy.sh" >&2; exit 66; }
target=${1:-$(cat "$state/previous" 2>/dev/null || true)}
[ -n "$target" ] || { echo "rollback.sh: no version before $current is known: name one" >&2; exit 66; }

now="images"
undo="Nothing has changed: $current runs."
failed() {
    code=$?
    [ "$code" -eq 0 ] && return
    echo "rollback.sh: stopped at \"$now\" (exit code $code). $undo" >&2
    exit "$code"
}
trap failed EXIT
as() { version=$1; shift; PAIRLY_VERSION=$version docker compose "$@"; }

echo "== from $current to $target"
known=$(mktemp)
plan=$(mktemp)
now="what $target knows"
as "$target" run --rm --no-deps -T restore manage known_migrations > "$known"
now="what would have to go back"
code=0
as "$current" run --rm -T restore manage rollback_plan - < "$known" > "$plan" || code=$?
grep '^back ' "$plan" || echo "no migration has to go back"
case $code in
0) ;;
3 | 4)
    if [ -n "$keep" ]; then
        echo "== they stay: $target works with them"
    elif [ "$code" -eq 4 ]; then
        echo "rollback.sh: refused, reversing them would lose data. Keep them: deploy/rollback.sh --keep-schema" >&2
        exit 4
    fi ;;
*) exit "$code" ;;
esac

now="backup"; echo "== $now"
as "$current" run --rm backup
for name in web-1 web-2 worker-1 worker-2 beat; do
    now=$name; echo "== $now"
    as "$target" up --detach --no-deps --wait "$name"
    undo="Some processes run $target, others $current; run it again."
done
# Only now: the version before works with the newer schema, the newer version not with the one before.
if [ "$code" -eq 3 ] && [ -z "$keep" ]; then
    now="migrations back"; echo "== $now"
    undo="$target runs; some migrations may be reversed already. A backup was made before."
    grep '^target ' "$plan" | while read -r _ app name; do
        as "$current" run --rm -T migrate migrate "$app" "$name" < /dev/null || exit 1
    done
fi
now="health"; echo "== $now"
as "$target" exec -T web-1 deploy/health-check.sh http://127.0.0.1:8000/health
as "$target" exec -T web-2 deploy/health-check.sh http://127.0.0.1:8000/health
rm -f "$known" "$plan"
echo "$target" > "$state/current"
rm -f "$state/previous"
echo "== $target is in service"

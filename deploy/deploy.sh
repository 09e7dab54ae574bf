#!/bin/sh
# Brings a version into service without an interruption: deploy/deploy.sh VERSION
# In order, and it stops at the first step that fails, with what runs left running: image, backup, migrations, the two
# web processes one after the other, workers, beat, nginx, health. Run again after a failure: every step may be repeated.
#
#   PAIRLY_PULL=1   the image is pulled from the registry of PAIRLY_IMAGE rather than built here
#   FIRST=1         the first installation: there is nothing yet to back up
set -eu
cd "$(dirname "$0")/.."
version=${1:?usage: deploy/deploy.sh VERSION}
state=${PAIRLY_STATE_DIR:-var/deploy}
case $version in
*[!A-Za-z0-9._-]* | .* | -*) echo "deploy.sh: $version is no version: letters, digits, dot, hyphen" >&2; exit 64 ;;
esac

step() { echo "== $*"; }
failed() {
    code=$?
    [ "$code" -eq 0 ] && return
    echo "deploy.sh: stopped at \"$now\" (exit code $code)." >&2
    [ -n "$undo" ] && echo "deploy.sh: $undo" >&2
    exit "$code"
}
trap failed EXIT
undo="Nothing has changed."
now="checks"
step "checks"
[ -f .env ] || { echo "deploy.sh: .env is missing: cp .env.example .env" >&2; exit 78; }
mkdir -p "$state"
previous=$(cat "$state/current" 2>/dev/null || true)
PAIRLY_VERSION=$version
PAIRLY_COMMIT=$(git rev-parse HEAD 2>/dev/null || echo unknown)
export PAIRLY_VERSION PAIRLY_COMMIT
docker compose config --quiet

now="image"; step "$now"
if [ -n "${PAIRLY_PULL:-}" ]; then docker compose pull --quiet web-1; else docker compose build --quiet migrate pgbouncer; fi

now="stores"; step "$now"
docker compose up --detach --wait postgres redis pgbouncer

now="backup"; step "$now"
if [ -z "${FIRST:-}" ]; then docker compose run --rm backup; fi

now="migrations"; step "$now"
docker compose run --rm migrate
undo="The database may have new migrations; the version before works with them. It still runs: ${previous:-none}."

for name in web-1 web-2 worker-1 worker-2 beat; do
    now=$name; step "$now"
    # --wait: until its health check is good. nginx sends requests to the other one meanwhile.
    docker compose up --detach --no-deps --wait "$name"
    undo="Some processes run $version, others ${previous:-none}; both work. Repair and run again, or deploy/rollback.sh."
done

now="nginx"; step "$now"
docker compose up --detach --no-deps --wait nginx
# Its files may have changed; a wrong configuration is refused and the old one stays.
docker compose exec -T nginx nginx -t -c /run/pairly/nginx.conf
docker compose exec -T nginx nginx -s reload -c /run/pairly/nginx.conf

now="health"; step "$now"
docker compose exec -T web-1 deploy/health-check.sh http://127.0.0.1:8000/health
docker compose exec -T web-2 deploy/health-check.sh http://127.0.0.1:8000/health

if [ "$previous" != "$version" ]; then [ -z "$previous" ] || echo "$previous" > "$state/previous"; fi
echo "$version" > "$state/current"
step "$version is in service"

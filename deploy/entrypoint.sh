#!/bin/sh
# What a container of the image is: entrypoint.sh web | worker | beat | migrate | health | worker-health | beat-health |
# backup | restore FOLDER | manage COMMAND...
set -eu
cd "$(dirname "$0")/.."
command=${1:-web}
[ $# -gt 0 ] && shift
celery="celery -A pairly.celery"
beat_file=${TMPDIR:-/tmp}/celery-beat

case $command in
web)
    exec python -m pairly.server --host "${WEB_HOST:-0.0.0.0}" --port "${PORT:-8000}" "$@" ;;
worker)
    # Threads share the database pool of their process.
    exec $celery worker --loglevel INFO --pool threads --concurrency "${WORKER_THREADS:-4}" --without-gossip \
        --without-mingle "$@" ;;
beat)
    # When each job ran last is of no use after a restart: every job may run again.
    exec $celery beat --loglevel INFO --schedule "$beat_file" --pidfile= "$@" ;;
migrate)
    python manage.py migrate --no-input "$@"
    # To a migration by name one goes back.
    [ $# -gt 0 ] || exec python manage.py load_places ;;
health)
    # PUBLIC_URL's host, for Django answers no other.
    host=${PUBLIC_URL:-http://127.0.0.1}
    host=${host#*://}
    HEALTH_ALLOW_DEGRADED=1 HEALTH_HOST=${host%%/*} exec deploy/health-check.sh "http://127.0.0.1:${PORT:-8000}/health" ;;
worker-health)
    exec $celery inspect ping --timeout 5 --destination "celery@$(hostname)" ;;
beat-health)
    # It writes its file every three minutes.
    find "$beat_file"* -mmin -10 2>/dev/null | grep -q . ;;
backup)
    exec deploy/backup.sh "$@" ;;
restore)
    exec deploy/restore.sh "$@" ;;
manage)
    exec python manage.py "$@" ;;
*)
    echo "entrypoint.sh: no command $command (web, worker, beat, migrate, backup, restore, manage, ...)" >&2
    exit 64 ;;
esac

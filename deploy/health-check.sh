#!/bin/sh
# Is Pairly well? deploy/health-check.sh [URL]   (default: http://127.0.0.1:8000/health)
# Exit code 0: everything is; 1: something failed, its names are printed; 2: nobody answers, or the database is away.
# HEALTH_ALLOW_DEGRADED=1: 0 too while it serves with a part away (for a container: a restart would not bring Redis back).
set -u
url=${1:-http://127.0.0.1:8000/health}
host=${HEALTH_HOST:-}

fetch() {
    if command -v curl >/dev/null 2>&1; then
        curl --silent --max-time 10 --noproxy '*' ${host:+--header "Host: $host"} --write-out '\n%{http_code}' "$url"
        return
    fi
    # The image has no curl.
    python3 - "$url" "$host" <<'PYTHON'
import sys
import urllib.error
import urllib.request

request = urllib.request.Request(sys.argv[1], headers={"Host": sys.argv[2]} if sys.argv[2] else {})
try:
    answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10)
except urllib.error.HTTPError as error:
    answer = error
except OSError:
    sys.exit(1)
print(answer.read().decode(), answer.status, sep="\n")
PYTHON
}

answer=$(fetch) || { echo "no answer from $url"; exit 2; }
code=$(printf '%s\n' "$answer" | tail -n 1)
document=$(printf '%s\n' "$answer" | sed '$d' | tr -d ' \n')
case $document in
    '{"status":"ok"'*) [ "$code" = 200 ] && { echo ok; exit 0; } ;;
esac
[ "$code" = 200 ] || { echo "answer $code from $url: $document"; exit 2; }
echo "degraded: $(printf '%s' "$document" | tr ',{' '\n\n' | sed -n 's/^"\([a-z_]*\)":"failed".*/\1/p' | tr '\n' ' ')"
[ -n "${HEALTH_ALLOW_DEGRADED:-}" ] || exit 1

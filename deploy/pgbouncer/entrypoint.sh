#!/bin/sh
# Fills pgbouncer.ini and the list of users in from the environment, and becomes PgBouncer.
#   DATABASE_HOST, DATABASE_WEB_PASSWORD; DATABASE_PORT (5432), DATABASE_NAME (pairly), LISTEN_ADDR (0.0.0.0),
#   LISTEN_PORT (6432), RUN (/run/pgbouncer: a folder of its own, for it holds the password)
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
: "${DATABASE_HOST:?}" "${DATABASE_WEB_PASSWORD:?}"
DATABASE_PORT=${DATABASE_PORT:-5432} DATABASE_NAME=${DATABASE_NAME:-pairly} LISTEN_ADDR=${LISTEN_ADDR:-0.0.0.0}
LISTEN_PORT=${LISTEN_PORT:-6432} RUN=${RUN:-/run/pgbouncer}
export DATABASE_HOST DATABASE_PORT DATABASE_NAME LISTEN_ADDR LISTEN_PORT RUN DATABASE_WEB_PASSWORD

# Any character may stand in a password: "" is a quote in the list of users.
fill() {
    awk '{
        out = ""; rest = $0
        while (match(rest, /\$\{[A-Z_]+\}/)) {
            value = ENVIRON[substr(rest, RSTART + 2, RLENGTH - 3)]
            if (FILENAME ~ /userlist/) gsub(/"/, "\"\"", value)
            out = out substr(rest, 1, RSTART - 1) value
            rest = substr(rest, RSTART + RLENGTH)
        }
        print out rest
    }' "$1"
}

fill "$here/userlist.txt.template" > "$RUN/userlist.txt"
fill "$here/pgbouncer.ini" > "$RUN/pgbouncer.ini"
exec pgbouncer "$RUN/pgbouncer.ini"

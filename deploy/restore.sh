#!/bin/sh
# Restores one backup into an empty installation and checks it: deploy/restore.sh FOLDER
# The database must be empty (deploy/postgres/roles.sql was run), the files' folders and Redis too, and the secrets must
# be those of the installation that made the backup. Whatever is wrong is said before anything is written.
set -eu
folder=${1:?usage: deploy/restore.sh FOLDER}
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."
python=python
[ -x .venv/bin/python ] && python=.venv/bin/python
exec "$python" manage.py restore "$folder"

#!/bin/sh
# Run once by PostgreSQL's image on an empty data folder, after roles.sql: the logins' passwords and the database.
# On a managed server an administrator does the same: psql with PG* variables set, then this script.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-$PGUSER}" --dbname postgres <<'SQL'
\getenv owner DATABASE_OWNER_PASSWORD
\getenv web DATABASE_WEB_PASSWORD
-- A statement with a password in it must not be logged.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';
ALTER ROLE pairly_owner PASSWORD :'owner';
ALTER ROLE pairly_web PASSWORD :'web';
SELECT 'CREATE DATABASE pairly OWNER pairly_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'pairly') \gexec
REVOKE CONNECT ON DATABASE pairly FROM PUBLIC;
GRANT CONNECT ON DATABASE pairly TO pairly_app, pairly_owner;
SQL

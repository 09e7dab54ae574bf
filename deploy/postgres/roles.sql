-- The roles of Pairly, run by the database's administrator before the first migration (safe to run again).
--   pairly_owner  owns the databases and the schema; migrations run as it
--   pairly_app    a group: what the application may do; migrations grant and revoke on it
--   pairly_web    the application's login, a member of pairly_app
-- Passwords are set by the administrator; the embedded server trusts its private socket.
-- What the application may do with tables that come later is granted by `manage.py migrate`, as the owner and in
-- each database, for default privileges belong to the role that makes the objects.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pairly_owner') THEN
        CREATE ROLE pairly_owner LOGIN CREATEDB;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pairly_app') THEN
        CREATE ROLE pairly_app NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pairly_web') THEN
        CREATE ROLE pairly_web LOGIN;
    END IF;
    IF NOT pg_has_role('pairly_web', 'pairly_app', 'MEMBER') THEN
        GRANT pairly_app TO pairly_web;
    END IF;
END $$;

-- The roles of Pairly, run once by the database's administrator before the first migration (safe to run again).
--   pairly_owner  owns the schema; migrations run as it
--   pairly_app    a group: what the application may do; migrations grant and revoke on it
--   pairly_web    the application's login, a member of pairly_app
-- Passwords are set by the administrator; the embedded server trusts its private socket.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pairly_owner') THEN CREATE ROLE pairly_owner LOGIN CREATEDB; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pairly_app') THEN CREATE ROLE pairly_app NOLOGIN; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pairly_web') THEN CREATE ROLE pairly_web LOGIN IN ROLE pairly_app; END IF;
END $$;

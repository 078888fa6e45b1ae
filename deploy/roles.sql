-- The roles and the database of the service; an administrator runs it once:
--
--   OWNER_PASSWORD=... APP_PASSWORD=... APPROVER_PASSWORD=... READER_PASSWORD=... \
--     STORES_PASSWORD=... psql -f deploy/roles.sql postgresql://postgres@host/postgres
--
--   growth_points_owner     owns the schema and migrates it: for upgrades and backups, nothing else
--   growth_points_app       closes and pays: the workers' login, works as growth_points_service
--   growth_points_approver  approves payouts, and can neither close nor pay
--   growth_points_reader    may read: the pages' login, and for reports of your own
--   growth_points_stores_app  shows stores what they have and records what they ask: the login of
--                           `serve-stores`, works as growth_points_stores
--   growth_points_service, growth_points_stores   no logins; what sessions work as
--
-- Without a password the approver and the reader are roles to grant to logins of persons, and
-- growth_points_stores_app cannot log in. What each may do is in docs/ledger.md,
-- schema/7_privileges.sql and schema/11_stores.sql.

\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
\set approver_password ''
\getenv approver_password APPROVER_PASSWORD
\set reader_password ''
\getenv reader_password READER_PASSWORD
\set stores_password ''
\getenv stores_password STORES_PASSWORD

-- Run again, it changes nothing; passwords are set with ALTER ROLE from then on.
SELECT format('CREATE ROLE growth_points_owner LOGIN PASSWORD %L', :'owner_password')
  WHERE to_regrole('growth_points_owner') IS NULL \gexec
SELECT format('CREATE ROLE growth_points_app LOGIN PASSWORD %L', :'app_password')
  WHERE to_regrole('growth_points_app') IS NULL \gexec
SELECT format('CREATE ROLE %I NOLOGIN', role)
  FROM unnest('{growth_points_service, growth_points_approver, growth_points_reader,
    growth_points_stores, growth_points_stores_app}'::text[]) role
  WHERE to_regrole(role) IS NULL \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', role, password)
  FROM (VALUES ('growth_points_approver', :'approver_password'),
               ('growth_points_reader', :'reader_password'),
               ('growth_points_stores_app', :'stores_password')) given (role, password)
  JOIN pg_roles ON rolname = role WHERE NOT rolcanlogin AND password <> '' \gexec
ALTER ROLE growth_points_reader SET idle_in_transaction_session_timeout = '10min';
GRANT growth_points_service TO growth_points_owner, growth_points_app;
GRANT growth_points_approver TO growth_points_owner;
GRANT growth_points_stores TO growth_points_owner, growth_points_stores_app;
ALTER ROLE growth_points_stores_app SET idle_in_transaction_session_timeout = '1min';

SELECT 'CREATE DATABASE growth_points OWNER growth_points_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'growth_points') \gexec
REVOKE ALL ON DATABASE growth_points FROM PUBLIC;
GRANT CONNECT ON DATABASE growth_points
  TO growth_points_service, growth_points_approver, growth_points_reader, growth_points_stores;

\connect growth_points
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE growth_points_owner
  GRANT USAGE ON SCHEMAS TO growth_points_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE growth_points_owner
  GRANT SELECT ON TABLES TO growth_points_reader;

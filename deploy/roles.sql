-- The roles and the database of the service; an administrator runs it once:
--
--   OWNER_PASSWORD=... APP_PASSWORD=... psql -f deploy/roles.sql postgresql://postgres@host/postgres
--
--   growth_points_owner    owns the schema and migrates it: for upgrades and backups, nothing else
--   growth_points_app      what workers log in as: may read and append, never change or delete
--   growth_points_reader   may read, for reports of your own
--   growth_points_service  no login; every session of the program works as this role

\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD

-- Run again, it changes nothing; passwords are set with ALTER ROLE from then on.
SELECT 'CREATE ROLE growth_points_service NOLOGIN'
  WHERE to_regrole('growth_points_service') IS NULL \gexec
SELECT 'CREATE ROLE growth_points_reader NOLOGIN'
  WHERE to_regrole('growth_points_reader') IS NULL \gexec
SELECT format('CREATE ROLE growth_points_owner LOGIN PASSWORD %L', :'owner_password')
  WHERE to_regrole('growth_points_owner') IS NULL \gexec
SELECT format('CREATE ROLE growth_points_app LOGIN PASSWORD %L', :'app_password')
  WHERE to_regrole('growth_points_app') IS NULL \gexec
GRANT growth_points_service TO growth_points_owner, growth_points_app;

SELECT 'CREATE DATABASE growth_points OWNER growth_points_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'growth_points') \gexec
REVOKE ALL ON DATABASE growth_points FROM PUBLIC;
GRANT CONNECT ON DATABASE growth_points TO growth_points_service;
GRANT CONNECT ON DATABASE growth_points TO growth_points_reader;

\connect growth_points
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE growth_points_owner
  GRANT USAGE ON SCHEMAS TO growth_points_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE growth_points_owner
  GRANT SELECT ON TABLES TO growth_points_reader;

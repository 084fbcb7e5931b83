-- Run as the cluster's superuser inside the application's database; may be run again at any time.
-- The embedded server, the tests and docker-compose all use this one file.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['notless_owner', 'notless_web', 'notless_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', wanted);
        END IF;
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO notless_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO notless_web, notless_worker',
                   current_database());
END
$$;

-- The owner runs migrations. The web role meets row security; the worker's builds cross counties.
ALTER ROLE notless_owner  NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE notless_web    NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE notless_worker NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;

ALTER SCHEMA public OWNER TO notless_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO notless_web, notless_worker;

-- Migrations take back what must be append-only.
ALTER DEFAULT PRIVILEGES FOR ROLE notless_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO notless_web, notless_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE notless_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO notless_web, notless_worker;

-- After a bulk load the planner must not believe that a table is still empty.
ALTER DEFAULT PRIVILEGES FOR ROLE notless_owner IN SCHEMA public
    GRANT MAINTAIN ON TABLES TO notless_worker;

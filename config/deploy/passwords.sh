#!/bin/sh
# Run once by the database image after roles.sql: the three roles get their passwords.
set -eu
secrets=${APP_SECRETS:-/run/secrets}

for role in owner web worker; do
    # psql quotes the value, and it stands on no command line.
    password=$(cat "$secrets/password_$role")
    export password
    psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<SQL
\\getenv password password
ALTER ROLE notless_$role PASSWORD :'password';
SQL
done

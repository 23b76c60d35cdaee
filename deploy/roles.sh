#!/bin/sh
# Run once by the postgres image on an empty volume: the owner who migrates, the application who owns nothing.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=owner_password="$OWNER_PASSWORD" --set=app_password="$APP_PASSWORD" <<'SQL'
CREATE ROLE tiandi_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE tiandi_app LOGIN PASSWORD :'app_password';
CREATE DATABASE tiandi OWNER tiandi_owner;
REVOKE CONNECT ON DATABASE tiandi FROM PUBLIC;
GRANT CONNECT ON DATABASE tiandi TO tiandi_app;
SQL

#!/bin/sh
# Restore a backup into an empty database, and see that nothing is missing or changed.
#
#   GROWTH_POINTS_DATABASE_URL=postgresql://growth_points_owner@host/growth_points \
#   GROWTH_POINTS_HOME=/var/lib/growth-points  deploy/restore.sh FOLDER
#
# The roles must exist (deploy/roles.sql). All of it is restored or nothing.
set -eu
refuse() { echo "$*" >&2; exit 1; }
[ $# = 1 ] || { echo "from where? deploy/restore.sh FOLDER" >&2; exit 2; }
folder=$1
: "${GROWTH_POINTS_DATABASE_URL:?"names the empty database to restore into"}"
[ -f "$folder/SHA256SUMS" ] || refuse "There is no whole backup in $folder: it has no SHA256SUMS."
(cd "$folder" && sha256sum --quiet --check SHA256SUMS) \
  || refuse "The backup in $folder is damaged: take another one. Nothing is restored."
there=$(psql --no-psqlrc --tuples-only --no-align \
  --command="SELECT to_regnamespace('growth_points') IS NOT NULL" "$GROWTH_POINTS_DATABASE_URL") \
  || refuse "Nothing is restored: the database does not answer."
[ "$there" = f ] || refuse "Nothing is restored: the database is not empty. Name one that is."
pg_restore --single-transaction --exit-on-error --no-owner \
  --dbname="$GROWTH_POINTS_DATABASE_URL" "$folder/database.dump" \
  || refuse "Nothing is restored; why is said above. pg_restore must not be older than the pg_dump was."
if grep -q home.tar.gz "$folder/SHA256SUMS" && [ -n "${GROWTH_POINTS_HOME:-}" ]; then
  mkdir -p "$GROWTH_POINTS_HOME"
  tar -C "$GROWTH_POINTS_HOME" -xzf "$folder/home.tar.gz"
fi
growth-points verify --replay

#!/bin/sh
# Restore a backup into an empty database, and see that nothing is missing or changed.
#
#   GROWTH_POINTS_DATABASE_URL=postgresql://growth_points_owner@host/growth_points \
#   GROWTH_POINTS_HOME=/var/lib/growth-points  deploy/restore.sh FOLDER
#
# The roles must exist (deploy/roles.sql). All of it is restored or nothing.
set -eu
folder=${1:?"from where? deploy/restore.sh FOLDER"}
: "${GROWTH_POINTS_DATABASE_URL:?"names the empty database to restore into"}"
pg_restore --single-transaction --exit-on-error --no-owner \
  --dbname="$GROWTH_POINTS_DATABASE_URL" "$folder/database.dump"
if [ -f "$folder/home.tar.gz" ] && [ -n "${GROWTH_POINTS_HOME:-}" ]; then
  mkdir -p "$GROWTH_POINTS_HOME"
  tar -C "$GROWTH_POINTS_HOME" -xzf "$folder/home.tar.gz"
fi
growth-points verify --replay

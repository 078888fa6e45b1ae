#!/bin/sh
# Back the service up: its database as one consistent dump, its home beside it.
#
#   GROWTH_POINTS_DATABASE_URL=postgresql://growth_points_owner@host/growth_points \
#   GROWTH_POINTS_HOME=/var/lib/growth-points  deploy/backup.sh FOLDER
#
# The program may go on working meanwhile. The dump has everything that counts; the home has reports,
# data-quality pages and refused lines. It goes first: the ledger head of each report that was kept is
# then in the dump.
set -eu
folder=${1:?"where to? deploy/backup.sh FOLDER"}
: "${GROWTH_POINTS_DATABASE_URL:?"names the database to back up"}"
mkdir -p "$folder"
if [ -d "${GROWTH_POINTS_HOME:-}" ]; then
  tar -C "$GROWTH_POINTS_HOME" --exclude=./postgres --exclude=./server --exclude=./prefect \
    --exclude=./staging --exclude=./fetched -czf "$folder/home.unfinished" .
  mv "$folder/home.unfinished" "$folder/home.tar.gz"
fi
pg_dump --format=custom --no-owner --schema=growth_points \
  --file="$folder/database.unfinished" "$GROWTH_POINTS_DATABASE_URL"
mv "$folder/database.unfinished" "$folder/database.dump"
echo "backed up to $folder"

#!/bin/sh
# Back the service up: its database as one consistent dump, its home beside it.
#
#   GROWTH_POINTS_DATABASE_URL=postgresql://growth_points_owner@host/growth_points \
#   GROWTH_POINTS_HOME=/var/lib/growth-points  deploy/backup.sh FOLDER
#
# The program may go on working meanwhile. The dump has everything that counts; the home has reports,
# data-quality pages and refused lines. It goes first: the ledger head of each report that was kept is
# then in the dump. The sums are written last: a backup without them is not whole.
set -eu
refuse() { echo "$*" >&2; exit 1; }
[ $# = 1 ] || { echo "where to? deploy/backup.sh FOLDER" >&2; exit 2; }
folder=$1
: "${GROWTH_POINTS_DATABASE_URL:?"names the database to back up"}"
mkdir -p "$folder" || refuse "Nothing is backed up: $folder cannot be written."
rm -f "$folder/SHA256SUMS"
files=database.dump
if [ -d "${GROWTH_POINTS_HOME:-}" ]; then
  tar -C "$GROWTH_POINTS_HOME" --exclude=./postgres --exclude=./server --exclude=./prefect \
    --exclude=./staging --exclude=./fetched -czf "$folder/home.unfinished" . \
    || [ $? = 1 ] || refuse "The home is not backed up; why is said above."  # 1: a file grew meanwhile
  mv "$folder/home.unfinished" "$folder/home.tar.gz"
  files="$files home.tar.gz"
fi
pg_dump --format=custom --no-owner --schema=growth_points \
  --file="$folder/database.unfinished" "$GROWTH_POINTS_DATABASE_URL" \
  || refuse "The database is not backed up; why is said above. pg_dump must not be older than it."
mv "$folder/database.unfinished" "$folder/database.dump"
(cd "$folder" && sha256sum $files >SHA256SUMS.unfinished)
mv "$folder/SHA256SUMS.unfinished" "$folder/SHA256SUMS"
echo "backed up to $folder"

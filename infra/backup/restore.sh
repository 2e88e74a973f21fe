#!/usr/bin/env bash
# restore.sh DIR: what backup.sh kept goes into an empty bucket and an empty database, and is read back.
#
# Status 1 when the database is not empty, or an object is missing or differs from its digest.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
DIR="${1:?usage: restore.sh DIR}"
# shellcheck source=environment.sh
source "$HERE/environment.sh"

case "$GREENROOM_DATABASE__URL" in
  sqlite:*)
    [ ! -e "$SQLITE_FILE" ] || { echo "$SQLITE_FILE is there already" >&2; exit 1; }
    install -m 600 "$DIR/database" "$SQLITE_FILE" ;;
  *) # Into what is not empty it stops at the first table, and nothing has changed.
    pg_restore --exit-on-error --single-transaction --no-owner --no-privileges \
      --dbname="$LIBPQ_URL" "$DIR/database" ;;
esac
rclone copy --quiet "$DIR/objects" "store:$BUCKET"
rclone checksum sha256 --download --one-way "$DIR/objects.sha256" "store:$BUCKET"
echo "$(wc -l < "$DIR/objects.sha256") objects as their digests say, and the database"

#!/usr/bin/env bash
# backup.sh DIR: the database, every object and a digest of each, while Greenroom runs. The same DIR again
# brings it up to date.
#
# The database first: whatever its rows name was written to the store before, so it is in the copy that follows.
# Needs rclone, and pg_dump of the server's version where the database is PostgreSQL.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
DIR="${1:?usage: backup.sh DIR}"
# shellcheck source=environment.sh
source "$HERE/environment.sh"
umask 077
mkdir -p "$DIR/objects"
rm -f "$DIR/database.new"  # of a run that was cut off

case "$GREENROOM_DATABASE__URL" in
  sqlite:*)
    python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("VACUUM INTO ?", sys.argv[2:])' \
      "$SQLITE_FILE" "$DIR/database.new" ;;
  *) pg_dump --format=custom --file="$DIR/database.new" "$LIBPQ_URL" ;;
esac
mv "$DIR/database.new" "$DIR/database"
# What was erased goes from the copy too.
rclone sync --quiet "store:$BUCKET" "$DIR/objects"
# Digests of what the store answers, not of the copy: what was spoiled on the way shows.
rclone hashsum sha256 --download "store:$BUCKET" --output-file "$DIR/objects.sha256.new"
# What was written or removed between the two readings belongs to the next backup.
(cd "$DIR/objects" && find . -type f -printf '%P\n' | LC_ALL=C sort) > "$DIR/objects.list"
awk 'NR == FNR { copied[$0] = 1; next } substr($0, 67) in copied' \
  "$DIR/objects.list" "$DIR/objects.sha256.new" > "$DIR/objects.sha256"
rm "$DIR/objects.sha256.new" "$DIR/objects.list"
(cd "$DIR/objects" && sha256sum --check --quiet --strict ../objects.sha256)
echo "$(wc -l < "$DIR/objects.sha256") objects and the database in $DIR"

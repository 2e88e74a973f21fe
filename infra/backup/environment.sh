# Sourced by backup.sh and restore.sh: the functions' settings, as rclone reads a remote named `store`.
: "${GREENROOM_STORE__ENDPOINT:?}" "${GREENROOM_DATABASE__URL:?}"
BUCKET="${GREENROOM_STORE__BUCKET:-greenroom}"
export RCLONE_CONFIG= RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other \
  RCLONE_CONFIG_STORE_ENDPOINT="$GREENROOM_STORE__ENDPOINT" \
  RCLONE_CONFIG_STORE_ACCESS_KEY_ID="${GREENROOM_STORE__ACCESS_KEY:?}" \
  RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY="${GREENROOM_STORE__SECRET_KEY:?}" \
  RCLONE_CONFIG_STORE_REGION="${GREENROOM_STORE__REGION:-us-east-1}" \
  RCLONE_S3_LIST_VERSION=2 RCLONE_S3_NO_CHECK_BUCKET=true
# libpq knows the URL without SQLAlchemy's driver.
LIBPQ_URL="${GREENROOM_DATABASE__URL/postgresql+psycopg:/postgresql:}"
SQLITE_FILE="${GREENROOM_DATABASE__URL#sqlite:///}"
# rclone has a variable of its own for a company's CA, and stops where it sees the AWS one.
if [ -n "${AWS_CA_BUNDLE:-}" ]; then
  export RCLONE_CA_CERT="$AWS_CA_BUNDLE"
  unset AWS_CA_BUNDLE
fi

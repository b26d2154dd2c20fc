#!/bin/sh
# Runs warmbake on Linux machines without Node, in the version that is pinned below: the machine's own where that is the one,
# else one that is fetched and checked. Needs curl, or the AWS CLI for s3://, gzip and sha256sum.
#
#   sh warmbake.sh ARGUMENT...          as `warmbake ARGUMENT...`
#   sh warmbake.sh install DIRECTORY    puts it there as `warmbake`, for machine images
#
# WARMBAKE_LOCATION                     where it is fetched from, below it VERSION/FILE: https://HOST/PATH, s3://BUCKET/PATH
# WARMBAKE_VERSION, WARMBAKE_SHA256     another version for one build, and the checksum of its file for this machine
set -eu
[ -z "${WARMBAKE_LOOKING:-}" ] || exit 1 # this script is the `warmbake` in PATH that it looks for below

version='@VERSION@'
sha256_x64='@SHA256_X64@'
sha256_arm64='@SHA256_ARM64@'
location='@LOCATION@'

fail() { # EXIT_CODE MESSAGE
  echo "error: $2" >&2
  exit "$1"
}

case $(uname -s)-$(uname -m) in
  Linux-x86_64) arch=x64 sha256=$sha256_x64 ;;
  Linux-aarch64) arch=arm64 sha256=$sha256_arm64 ;;
  *) fail 3 "there is no executable for $(uname -sm); run 'node warmbake.cjs' with Node 20.19 or later" ;;
esac
if [ "${WARMBAKE_VERSION:-$version}" != "$version" ]; then
  version=$WARMBAKE_VERSION
  sha256=${WARMBAKE_SHA256:-}
  [ -n "$sha256" ] || fail 3 "WARMBAKE_VERSION is '$version', which is not pinned; set WARMBAKE_SHA256 to the checksum of its warmbake-linux-$arch"
fi
case $version in *[!0-9A-Za-z.-]*) fail 3 "WARMBAKE_VERSION is '$version', which is not a version" ;; esac
location=${WARMBAKE_LOCATION:-$location}

is_right() { # FILE
  [ -f "$1" ] && echo "$sha256  $1" | sha256sum --check --status
}

fetch() { # DIRECTORY
  [ -n "$location" ] || fail 3 "WARMBAKE_LOCATION is not set; it says where warmbake $version is fetched from"
  mkdir -p "$1"
  new=$(mktemp "$1/.warmbake.XXXXXX")
  trap 'rm -f "$new" "$new.gz"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  from=$location/$version/warmbake-linux-$arch.gz
  case $from in
    https://* | http://*) curl --fail --silent --show-error --location --retry 3 --output "$new.gz" "$from" ;;
    s3://*) aws s3 cp --only-show-errors "$from" "$new.gz" ;;
    *) fail 3 "WARMBAKE_LOCATION is '$location'; it must begin with https:// or s3://" ;;
  esac || fail 5 "cannot fetch $from"
  gzip --decompress --force "$new.gz" || fail 5 "$from is not a gzip file"
  is_right "$new" || fail 5 "$from holds $(sha256sum <"$new" | cut -d ' ' -f 1), expected $sha256"
  chmod 755 "$new"
  mv -f "$new" "$1/warmbake"
  trap - EXIT INT TERM
}

if [ "${1:-}" = install ]; then
  [ -n "${2:-}" ] || fail 2 'install needs a directory'
  is_right "$2/warmbake" || fetch "$2"
  exit
fi

# What a machine image brings is in PATH.
[ "$(WARMBAKE_LOOKING=1 warmbake --version 2>/dev/null)" != "$version" ] || exec warmbake "$@"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/warmbake/$version
is_right "$cache/warmbake" || fetch "$cache"
exec "$cache/warmbake" "$@"

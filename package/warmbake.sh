#!/bin/sh
# Runs warmbake on Linux machines without Node, in the version that is pinned below: the machine's own where its checksum is the
# pinned one, else one that is fetched and checked. Nothing else is ever run. Needs curl, or the AWS CLI for s3://, gzip and sha256sum.
#
#   sh warmbake.sh ARGUMENT...          as `warmbake ARGUMENT...`
#   sh warmbake.sh install DIRECTORY    puts it there as `warmbake`, for machine images
#
# WARMBAKE_LOCATION                     where it is fetched from, below it VERSION/FILE: https://HOST/PATH, s3://BUCKET/PATH.
#                                       It may have a user and a query; neither is told to anybody else
# WARMBAKE_VERSION, WARMBAKE_SHA256     another version for one build, and the checksum of its file for this machine
set -eu

version='@VERSION@'
sha256_x64='@SHA256_X64@'
sha256_arm64='@SHA256_ARM64@'
location='@LOCATION@'
# A transfer ends when it does not begin, stands still for so many seconds, or takes so many in all; and at so many kB, packed or not.
stall='@STALL_SECONDS@'
total='@TOTAL_SECONDS@'
largest='@LARGEST_KB@'

fail() { # EXIT_CODE MESSAGE
  printf 'error: %s\n' "$2" >&2
  exit "$1"
}

plain() { # TEXT: without what moves a cursor or begins a line
  printf '%s' "$1" | tr -c '[:print:]' '?'
}

case $(uname -s)-$(uname -m) in
  Linux-x86_64) arch=x64 sha256=$sha256_x64 ;;
  Linux-aarch64) arch=arm64 sha256=$sha256_arm64 ;;
  *) fail 3 "there is no executable for $(uname -sm); run 'node warmbake.cjs' with Node 20.19 or later" ;;
esac

case ${WARMBAKE_VERSION:-$version} in
  *[!0-9A-Za-z.-]* | .*) fail 3 "WARMBAKE_VERSION is '$(plain "$WARMBAKE_VERSION")', which is not a version" ;;
esac
given=${WARMBAKE_SHA256:-}
if [ "${WARMBAKE_VERSION:-$version}" != "$version" ]; then
  version=$WARMBAKE_VERSION
  [ -n "$given" ] || fail 3 "WARMBAKE_VERSION is '$version', which is not pinned; set WARMBAKE_SHA256 to the checksum of its warmbake-linux-$arch"
  sha256=$given
elif [ -n "$given" ] && [ "$given" != "$sha256" ]; then
  fail 3 "WARMBAKE_SHA256 is not the checksum of the pinned version $version; name the version that it belongs to in WARMBAKE_VERSION"
fi
case $sha256 in
  *[!0-9a-f]*) fail 3 "WARMBAKE_SHA256 is '$(plain "$sha256")', which is not a SHA-256 of 64 hex digits in lower case" ;;
esac
[ ${#sha256} -eq 64 ] || fail 3 "WARMBAKE_SHA256 has ${#sha256} digits; a SHA-256 has 64"

location=${WARMBAKE_LOCATION:-$location}
query=
case $location in
  *\?*) query=?${location#*\?} location=${location%%\?*} ;;
esac
# As people may see it: without user and password, and without a query, which can be a signature.
shown=$(plain "$location" | sed 's|://[^/]*@|://…@|')${query:+?…}
case $location in
  *[![:graph:]]* | *\"* | *\\*) fail 3 "WARMBAKE_LOCATION is '$shown'; it must not hold blanks, quotes, backslashes or control characters" ;;
esac
case $query in
  *[![:graph:]]* | *\"* | *\\*) fail 3 "the query of WARMBAKE_LOCATION must not hold blanks, quotes, backslashes or control characters" ;;
esac

is_right() { # FILE
  [ -f "$1" ] && printf '%s  %s\n' "$sha256" "$1" | sha256sum --check --status 2>/dev/null
}

limited() { # COMMAND: it writes no larger file; 512 bytes are a unit
  (ulimit -f $((largest * 2)) && exec "$@")
}

# What it asks stands in its standard input: arguments of a program can be seen by everybody on the machine.
by_curl() { # FROM TO
  printf 'url = "%s"\n' "$1" | limited curl --config - --output "$2" --fail --silent --show-error \
    --location --max-redirs 5 --proto "$protocols" --proto-redir "$protocols" \
    --connect-timeout "$stall" --speed-time "$stall" --speed-limit 10000 --max-time $((total / 2)) \
    --retry 2 --retry-max-time $((total / 2))
}

by_aws() { # FROM TO
  AWS_MAX_ATTEMPTS=3 limited timeout --foreground -k 5 "$total" aws s3 cp --only-show-errors \
    --cli-connect-timeout "$stall" --cli-read-timeout "$stall" "$1" "$2" </dev/null
}

fetch() { # DIRECTORY
  [ -n "$location" ] || fail 3 "WARMBAKE_LOCATION is not set; it says where warmbake $version is fetched from"
  mkdir -p "$1"
  new=$(mktemp "$1/.warmbake.XXXXXX")
  trap 'rm -f "$new" "$new.gz"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  file=$version/warmbake-linux-$arch.gz
  from=${shown%'?…'}/$file${query:+?…}
  case $location in
    https://*) protocols='=https' by_curl "$location/$file$query" "$new.gz" ;;
    http://*) protocols='=http,https' by_curl "$location/$file$query" "$new.gz" ;;
    s3://*)
      [ -z "$query" ] || fail 3 "WARMBAKE_LOCATION is '$shown'; s3:// has no query"
      by_aws "$location/$file" "$new.gz"
      ;;
    *) fail 3 "WARMBAKE_LOCATION is '$shown'; it must begin with https://, http:// or s3://" ;;
  esac || fail 5 "cannot fetch $from"
  limited gzip --decompress --force "$new.gz" 2>/dev/null || fail 5 "$from is not a whole gzip file, or is too large"
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

# What a machine image brings is in PATH. It is not asked what it is: that would run it.
own=$(command -v warmbake || true)
case $own in
  /*) ! is_right "$own" || exec "$own" "$@" ;;
esac
home=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
case $home in
  /*) ;;
  '') fail 3 'neither XDG_CACHE_HOME nor HOME is set; warmbake is kept below one of them' ;;
  *) fail 3 "XDG_CACHE_HOME is '$(plain "$home")', which is not an absolute path" ;;
esac
cache=$home/warmbake/$version
is_right "$cache/warmbake" || fetch "$cache"
exec "$cache/warmbake" "$@"

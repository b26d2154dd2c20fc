#!/usr/bin/env bash
# The step of action.yml: inputs are in INPUT_…, the launcher lies beside this file. Values are arguments and variables, and never a part
# of a script.
set -euo pipefail

refuse() { # MESSAGE
  printf 'error: %s\n' "$1" >&2
  exit 2
}

# GitHub does not ask for inputs that are required.
[[ -n ${INPUT_CONFIG:-} ]] || refuse "the input 'config' is missing; name the configuration, like ci/warmbake.yaml"
[[ ${INPUT_COMMAND:-build} =~ ^[a-z][a-z-]*(\ [a-z][a-z-]*)*$ ]] || refuse "the input 'command' is no command; it takes words, like 'build' or 'ami status'"

read -r -a command <<<"${INPUT_COMMAND:-build}"
read -r -d '' -a targets <<<"${INPUT_TARGETS:-}" || true
arguments=()
while IFS= read -r line; do
  [[ -z $line ]] || arguments+=("$line")
done <<<"${INPUT_ARGS:-}"

if [[ ${command[*]} == build ]]; then
  result=$(mktemp -d "$RUNNER_TEMP/warmbake.XXXXXX")/result.json
  arguments+=(--result "$result")
  printf 'result=%s\n' "$result" >>"$GITHUB_OUTPUT"
fi
# A target is never an option.
[[ ${#targets[@]} -eq 0 ]] || arguments+=(-- "${targets[@]}")

export WARMBAKE_CONFIG=$INPUT_CONFIG
[[ -z ${INPUT_VERSION:-} ]] || export WARMBAKE_VERSION=$INPUT_VERSION
[[ -z ${INPUT_SHA256:-} ]] || export WARMBAKE_SHA256=$INPUT_SHA256
[[ -z ${INPUT_LOCATION:-} ]] || export WARMBAKE_LOCATION=$INPUT_LOCATION

# As actions/checkout logs in, but in variables that only git reads: the checkout is what the image is built from.
if [[ -n ${INPUT_TOKEN:-} ]]; then
  basic=$(printf 'x-access-token:%s' "$INPUT_TOKEN" | base64 -w 0)
  printf '::add-mask::%s\n' "$basic"
  count=${GIT_CONFIG_COUNT:-0}
  [[ $count =~ ^[0-9]{1,3}$ ]] || refuse "GIT_CONFIG_COUNT is no number"
  export "GIT_CONFIG_KEY_$count=http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
  export "GIT_CONFIG_VALUE_$count=AUTHORIZATION: basic $basic"
  export GIT_CONFIG_COUNT=$((10#$count + 1))
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unset "${!INPUT_@}"
exec sh "$here/warmbake.sh" "${command[@]}" "${arguments[@]+"${arguments[@]}"}"

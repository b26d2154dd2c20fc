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

# It reads the trusted branch's configuration and history with it; nothing of it reaches a build.
[[ -z ${INPUT_TOKEN:-} ]] || export GITHUB_TOKEN=$INPUT_TOKEN

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unset "${!INPUT_@}"
exec sh "$here/warmbake.sh" "${command[@]}" "${arguments[@]+"${arguments[@]}"}"

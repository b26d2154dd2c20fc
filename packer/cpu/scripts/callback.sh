#!/bin/sh
# Runs on the machine that runs Packer: lets warmbake do STAGE and waits for its answer in CALLBACKS. When warmbake is gone
# its file `alive` gets old; then this fails, and Packer takes the instance down.
set -eu

: >"$CALLBACKS/$STAGE.asked"
until [ -e "$CALLBACKS/$STAGE.answer" ]; do
  [ -n "$(find "$CALLBACKS/alive" -mmin -2)" ] || { echo "warmbake has ended" >&2; exit 1; }
  sleep 1
done
[ "$(cat "$CALLBACKS/$STAGE.answer")" = ok ]

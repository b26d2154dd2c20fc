#!/bin/sh
# Runs on the machine that runs Packer: lets warmbake do STAGE and waits for its answer in HAND_OVER. When warmbake is gone
# its file `alive` gets old; then this fails, and Packer takes the instance down.
set -eu

: >"$HAND_OVER/$STAGE.asked"
until [ -e "$HAND_OVER/$STAGE.answer" ]; do
  [ -n "$(find "$HAND_OVER/alive" -mmin -2)" ] || { echo "warmbake has ended" >&2; exit 1; }
  sleep 1
done
[ "$(cat "$HAND_OVER/$STAGE.answer")" = ok ]

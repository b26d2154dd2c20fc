#!/usr/bin/env bash
# Right before the snapshot: tells the volumes which blocks no file uses any more. A snapshot holds all that were ever written, those of
# what was unpacked and removed again as well, and each instance would load them. An image is no worse where a volume does not take it.
set -euo pipefail

sync
echo "giving back unused blocks"
if ! fstrim --all --verbose; then echo "not given back: the snapshot holds them as well"; fi
sync

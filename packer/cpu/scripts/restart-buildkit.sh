#!/usr/bin/env bash
# Restarts BuildKit: what it has not written to its store by then does not count.
set -euo pipefail

systemctl restart buildkitd.service
for _ in {1..3000}; do
  [ -S /run/buildkit/buildkitd.sock ] && /usr/local/bin/buildctl debug workers >/dev/null 2>&1 && exit 0
  sleep 0.1
done
journalctl --unit=buildkitd.service --no-pager --lines=50 >&2
exit 1

#!/usr/bin/env bash
# The last script before the snapshot: stops what writes, marks the image, and leaves nothing of its making behind.
# Needs MARKER (a file) and MARKER_TEXT (its lines).
set -euo pipefail
shopt -s nullglob
trap 'echo "finish.sh failed at line $LINENO" >&2' ERR

echo "forgetting the builds that warmed the store"
# Their records say how each was called: arguments, and where the merged cache was to be had. The store stays warm without them. An
# image is no worse where they cannot be forgotten.
if /usr/local/bin/buildctl prune-histories >/dev/null; then forgotten=yes; fi

echo "stopping BuildKit and Docker"
rm -rf /run/warmbake
# A snapshot of a running daemon has torn the store's database before; a unit that does not stop ends the build.
systemctl stop buildkitd.service docker.socket docker.service
for unit in buildkitd.service docker.service; do
  if systemctl is-active --quiet "$unit"; then echo "$unit still runs" >&2; exit 1; fi
done

# A database that was emptied still has the records in its free pages; BuildKit makes a new one.
if [ "${forgotten:-no}" = yes ]; then rm -f /var/lib/buildkit/history.db; fi

echo "marking the image in $MARKER"
size=$(du --summarize --human-readable /var/lib/buildkit | cut --fields=1)
{
  echo "AMI_BUILD_TIME=$(date --utc +%Y-%m-%dT%H:%M:%SZ)"
  echo "BUILDKIT_CACHE=$size"
  printf '%s\n' "$MARKER_TEXT"
} >"$MARKER"
chmod 644 "$MARKER"
cat "$MARKER"

echo "cleaning"
homes=(/root /home/* /var/lib/buildkite-agent)
for home in "${homes[@]}"; do
  rm -rf "$home"/.bash_history "$home"/.docker/config.json "$home"/.cache "$home"/.ssh/known_hosts
done
# Packer removes its own key from the login user; cloud-init has put it into root's file as well.
rm -f /root/.ssh/authorized_keys
rm -f /etc/ssh/ssh_host_*
rm -rf /tmp/warmbake /var/tmp/*
if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi
# An empty id is filled at the first boot; a missing one would make systemd think it is the first boot ever.
: >/etc/machine-id
rm -rf /var/log/journal/*
find /var/log -type f -exec truncate --size=0 {} +
sync

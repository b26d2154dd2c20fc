#!/usr/bin/env bash
# Puts BuildKit, buildx and their units on the machine. Needs BUILDKIT_IMAGE (by digest), BUILDX (`ARCHITECTURE URL SHA256` of each),
# ENTITLEMENTS (that builds may ask for), BUILDER_NAME and PORT (of the loopback, for the time of warming); the files lie in /tmp/warmbake.
set -euo pipefail

files=/tmp/warmbake
trap 'echo "install.sh failed at line $LINENO" >&2' ERR

echo "network diagnostics"
if command -v dnf >/dev/null; then installer=dnf; else installer=yum; fi
"$installer" --assumeyes --quiet install ethtool conntrack-tools sysstat iproute iptables
ethtool --version

echo "BuildKit from $BUILDKIT_IMAGE"
case $BUILDKIT_IMAGE in
  *@sha256:*) ;;
  *) echo "BUILDKIT_IMAGE must name a digest, it is '$BUILDKIT_IMAGE'" >&2; exit 1 ;;
esac
container=$(docker create "$BUILDKIT_IMAGE")
# Since 0.13 the image has the programs of the bridge.
for program in buildkitd buildctl buildkit-runc buildkit-cni-{bridge,loopback,host-local,firewall}; do
  docker cp --quiet "$container:/usr/bin/$program" "/usr/local/bin/$program"
  chmod 755 "/usr/local/bin/$program"
done
docker rm "$container" >/dev/null
docker rmi "$BUILDKIT_IMAGE" >/dev/null
/usr/local/bin/buildkitd --version

read -r url sha256 < <(awk -v machine="$(uname -m)" '$1 == machine { print $2, $3 }' <<<"$BUILDX")
echo "buildx from $url"
plugins=/usr/local/lib/docker/cli-plugins
mkdir -p "$plugins"
curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 --max-time 300 --output "$plugins/docker-buildx.new" "$url"
echo "$sha256  $plugins/docker-buildx.new" | sha256sum --check --quiet
chmod 755 "$plugins/docker-buildx.new"
mv "$plugins/docker-buildx.new" "$plugins/docker-buildx"

echo "units"
install -D --mode=644 "$files/buildkitd.toml" /etc/buildkit/buildkitd.toml
if [ -n "$ENTITLEMENTS" ]; then
  # Keys of the top stand before the first table.
  sed -i "1i insecure-entitlements = [$(printf '"%s", ' $ENTITLEMENTS)]" /etc/buildkit/buildkitd.toml
fi
install -D --mode=644 "$files/buildkitd.service" /etc/systemd/system/buildkitd.service
install -D --mode=644 "$files/buildx-builder.service" /etc/systemd/system/buildx-builder.service
install -D --mode=755 "$files/warmbake-builder" /usr/local/bin/warmbake-builder
install -D --mode=755 "$files/warmbake-metadata" /usr/local/bin/warmbake-metadata
# There where the program that makes this image runs by itself: jobs on the image then fetch nothing.
if [ -e "$files/warmbake" ]; then
  install -D --mode=755 "$files/warmbake" /usr/local/bin/warmbake
  /usr/local/bin/warmbake --version
fi
mkdir -p /etc/warmbake
echo "BUILDER_NAME=$BUILDER_NAME" >/etc/warmbake/builder.env

# Reached through Packer's tunnel. In /run, so that no instance of the image will ever listen on it.
mkdir -p /run/warmbake
echo "BUILDKITD_EXTRA=--addr tcp://127.0.0.1:$PORT" >/run/warmbake/buildkitd.env

systemctl daemon-reload
systemctl enable buildkitd.service buildx-builder.service
# Over `start`: it may run with settings of an earlier try.
systemctl restart buildkitd.service
for _ in {1..300}; do
  [ -S /run/buildkit/buildkitd.sock ] && break
  sleep 0.1
done
if ! systemctl is-active --quiet buildkitd.service || ! [ -S /run/buildkit/buildkitd.sock ]; then
  journalctl --unit=buildkitd.service --no-pager --lines=50 >&2
  exit 1
fi
systemctl restart buildx-builder.service
sudo -u buildkite-agent -H docker buildx inspect "$BUILDER_NAME"

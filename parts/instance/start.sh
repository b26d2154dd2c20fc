# The first process of a machine that looks like an instance: sshd in a copy of this machine's file system, of which nothing
# that is written lasts. Called in mount and PID namespaces of its own: start.sh DIRECTORY SSHD.
set -eu
directory=$1 sshd=$2

# On a tmpfs, since the upper layer must not lie inside of the lower one.
mount -t tmpfs tmpfs "$directory/system"
mkdir "$directory/system/upper" "$directory/system/work" "$directory/system/root"
root=$directory/system/root
mount -t overlay overlay "$root" \
  -o "lowerdir=/,upperdir=$directory/system/upper,workdir=$directory/system/work"

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
# Empty at first, as on an instance.
for empty in run tmp root home var/log var/tmp; do mount -t tmpfs tmpfs "$root/$empty"; done
# Ends of bind mounts: what the fake programs use of the outside.
for shared in $SHARED; do
  mkdir -p "$root$shared"
  mount --bind "$shared" "$root$shared"
done

mkdir -p "$root/run/sshd" "$root/root/.ssh" "$root/var/lib/buildkite-agent" "$root/var/lib/buildkit" "$root/usr/local/bin"
# As BuildKit has it.
: >"$root/var/lib/buildkit/history.db"
cp "$directory/authorized_keys" "$root/root/.ssh/authorized_keys"
chmod 700 "$root/root" "$root/root/.ssh"
grep -q '^sshd:' "$root/etc/passwd" || echo 'sshd:x:64001:65534::/run/sshd:/usr/sbin/nologin' >>"$root/etc/passwd"
echo 'buildkite-agent:x:64002:0::/var/lib/buildkite-agent:/bin/sh' >>"$root/etc/passwd"
for program in "$directory"/programs/*; do
  rm -f "$root/usr/local/bin/${program##*/}"
  cp "$program" "$root/usr/local/bin/"
done
exec chroot "$root" "$sshd" -D -e -f "$directory/sshd_config"

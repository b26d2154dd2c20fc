import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { PROJECT } from '../../../parts/project.ts';

const RULES = path.join(PROJECT, 'packer/cpu/files/warmbake-metadata');

/**
 * An instance between a cloud, which answers under `PLACES`, and a step of a build behind its bridge: three networks of their own.
 * The step writes down which places it reaches.
 */
const LAB = `set -eu
in_net() { nsenter --target "$1" --net sh -c "$2"; }
unshare --net sleep 60 </dev/null >/dev/null 2>&1 & cloud=$!
unshare --net sleep 60 </dev/null >/dev/null 2>&1 & step=$!
trap 'kill $cloud $step' EXIT
until [ "$(readlink /proc/$cloud/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
until [ "$(readlink /proc/$step/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
ip link set lo up
ip link add up0 type veth peer name down0 netns $cloud
ip link add buildkit0 type bridge
ip link add to-step type veth peer name eth0 netns $step
ip link set to-step master buildkit0
for link in up0 buildkit0 to-step; do ip link set $link up; done
ip address add 10.0.0.2/24 dev up0
ip address add 198.18.0.1/24 dev buildkit0
ip route add default via 10.0.0.1
echo 1 >/proc/sys/net/ipv4/ip_forward
in_net $cloud "ip link set lo up; ip address add 10.0.0.1/24 dev down0; ip link set down0 up; ip route add 198.18.0.0/24 via 10.0.0.2
  for place in $PLACES; do ip address add \\$place/32 dev lo; done"
in_net $step 'ip link set lo up; ip address add 198.18.0.2/24 dev eth0; ip link set eth0 up; ip route add default via 198.18.0.1'
nsenter --target $cloud --net "$NODE" -e "for (const port of [53, 80]) require('net').createServer((s) => s.end()).listen(port, '0.0.0.0')" </dev/null >/dev/null 2>&1 & server=$!
trap 'kill $cloud $step $server' EXIT
bash "$RULES"
bash "$RULES"
reaches() { in_net $step "timeout 2 bash -c ': </dev/tcp/$1/$2' 2>/dev/null" && echo "$1:$2" >>"$OUT"; }
for _ in $(seq 50); do reaches 203.0.113.1 80 && break; sleep 0.1; done
for place in $PLACES; do
  for port in 53 80; do reaches $place $port || true; done
done
ip rule >>"$OUT.rules"
ip -6 rule >>"$OUT.rules"
`;

test('a step of a build reaches neither the metadata service nor credentials of containers; Amazon’s DNS and everything else it does', async ({
  skip,
}) => {
  if (process.getuid?.() !== 0) skip('only root can make networks');
  const have = await execa('sh', ['-c', 'command -v ip unshare nsenter bash'], { reject: false });
  if (have.exitCode !== 0) skip('ip, unshare or nsenter is not here');
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-metadata-'));
  try {
    const out = path.join(directory, 'out');
    const places = ['169.254.169.254', '169.254.170.2', '169.254.169.253', '203.0.113.1'];
    const env = { NODE: process.execPath, RULES, OUT: out, PLACES: places.join(' ') };
    await execa('unshare', ['--net', 'sh', '-c', LAB], { env, timeout: 60_000 });
    const reached = new Set((await readFile(out, 'utf8')).trim().split('\n'));
    expect([...reached].toSorted()).toEqual(['169.254.169.253:53', '203.0.113.1:53', '203.0.113.1:80']);
    // Once each, however often BuildKit is started.
    const rules = await readFile(`${out}.rules`, 'utf8');
    expect(rules.match(/to 169\.254\.0\.0\/16 iif buildkit0 prohibit/g)).toHaveLength(1);
    expect(rules.match(/to fd00:ec2::\/32 iif buildkit0 prohibit/g)).toHaveLength(1);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

import path from 'node:path';
import { expect, test } from 'vitest';
import { warmbake } from '../../parts/moto/run.ts';

const CONFIG = path.join(import.meta.dirname, '../../bake/vllm.warmbake.yaml');
const iam = async (...argv: readonly string[]) => await warmbake(['iam', ...argv, '--config', CONFIG]);

test.each([
  [['admin'], "'admin' is not a role; write one of trusted-build, untrusted-build, machine-image, operator"],
  [['operator', '--account', '1'], "--account '1' does not fit; write 12 digits"],
  [['operator', '--launch-template', 'lt-*'], "--launch-template 'lt-*' does not fit"],
  [['operator', '--family', 'gpu'], "there is no family 'gpu'"],
] as const)('%j is refused', async (argv, message) => {
  expect(await iam(...argv)).toMatchObject({ exitCode: 2, out: '', err: expect.stringContaining(message) });
});

test('the policy is the same as JSON document and as Terraform', async () => {
  const argv = ['machine-image', '--account', '111122223333', '--launch-template', 'lt-0123456789abcdef0'];
  const { policy, family } = JSON.parse((await iam(...argv, '--json')).out);
  const plain = await iam(...argv);
  expect([family, JSON.parse(plain.out), plain.err]).toEqual(['cpu', policy, '']);
  const { out } = await iam(...argv, '--terraform');
  const parts = [...out.matchAll(/<<-POLICY\n([\s\S]*?)\n {2}POLICY/g)].map(([, json = '']) =>
    JSON.parse(json),
  );
  expect(parts.flatMap(({ Statement }) => Statement)).toEqual(policy.Statement);
  expect(out.match(/^resource "aws_iam_policy" "\w+"/gm)).toEqual([
    'resource "aws_iam_policy" "warmbake_machine_image_cpu"',
    'resource "aws_iam_policy" "warmbake_machine_image_cpu_2"',
  ]);
});

test('without the ids of launch templates it says what the policy allows then', async () => {
  const { exitCode, err } = await iam('operator');
  expect([exitCode, err]).toEqual([0, expect.stringContaining('iam-any-launch-template')]);
  expect((await iam('untrusted-build')).err).toBe('');
});

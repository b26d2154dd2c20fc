import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { warmbake } from '../../parts/moto/run.ts';

const CONFIG = path.join(import.meta.dirname, '../../bake/vllm.warmbake.yaml');
const iam = async (...argv: readonly string[]) => await warmbake(['iam', ...argv, '--config', CONFIG]);

test.each([
  [
    ['admin'],
    "'admin' is not a role; write one of trusted-build, untrusted-build, trusted-login, untrusted-login, machine-image, operator",
  ],
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

describe('roles that jobs take to log in', () => {
  const QUEUE = 'arn:aws:iam::111122223333:role/pull-requests-Role';
  const ROLE = 'arn:aws:iam::111122223333:role/ci/others-login';

  const login = async (...argv: readonly string[]) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'warmbake-test-'));
    onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
    const file = path.join(folder, 'warmbake.yaml');
    const text = await readFile(CONFIG, 'utf8');
    const now = `logins:\n  assume: { untrusted: '${ROLE}' }\n`;
    await writeFile(file, text.replace(/^logins:\n {2}credentials: job\n/m, now));
    return await warmbake(['iam', ...argv, '--config', file]);
  };

  test('are what they may and who may take them, as JSON and as Terraform', async () => {
    const argv = ['untrusted-login', '--taken-by', QUEUE];
    const { policy, trust, arn } = JSON.parse((await login(...argv, '--json')).out);
    expect(arn).toBe(ROLE);
    expect(JSON.parse((await login(...argv)).out)).toEqual({ policy, trust });
    expect(trust.Statement).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: [QUEUE] } },
    ]);
    const { out } = await login(...argv, '--terraform');
    const parts = [...out.matchAll(/<<-POLICY\n([\s\S]*?)\n {2}POLICY/g)].map(([, json = '']) =>
      JSON.parse(json),
    );
    expect(parts).toEqual([trust, policy]);
    expect(out).toMatch(/name += "others-login"\n +path += "\/ci\/"\n +max_session_duration = 3600/);
    const build = JSON.parse((await login('untrusted-build', '--json')).out);
    expect(build.policy.Statement[0]).toMatchObject({ Action: ['sts:AssumeRole'], Resource: [ROLE] });
  });

  test.each([
    [['untrusted-login'], 2, 'a role that anybody may take narrows nothing'],
    [['untrusted-login', '--taken-by', '*'], 2, "--taken-by '*' does not fit; write the ARN of a role"],
    [['trusted-login', '--taken-by', QUEUE], 3, 'the configuration names no role: logins.assume.trusted'],
  ] as const)('%j ends with %i: %s', async (argv, exitCode, message) => {
    expect(await login(...argv)).toMatchObject({ exitCode, out: '', err: expect.stringContaining(message) });
  });
});

test('without the ids of launch templates it says what the policy allows then', async () => {
  const { exitCode, err } = await iam('operator');
  expect([exitCode, err]).toEqual([0, expect.stringContaining('iam-any-launch-template')]);
  expect((await iam('untrusted-build')).err).toBe('');
});

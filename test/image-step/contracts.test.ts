import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bakeConfigName } from '../../src/ami/warm/bake-config.ts';
import { imageKey } from '../../src/ami/buildkite/pipelines.ts';
import { PROJECT } from '../../parts/project.ts';
import { settingsOf } from '../bake/small-settings.ts';
import { run } from '../package/packed.ts';

const read = async (file: string): Promise<string> => await readFile(path.join(PROJECT, file), 'utf8');
const example = settingsOf(await read('bake/vllm.warmbake.yaml'));

describe('what older scripts expect of a machine with a warm image', () => {
  const socket = '/run/buildkit/buildkitd.sock';

  it("BuildKit's socket, which is also the one that this tool tries first", async () => {
    expect(example.builder.socket).toBe(socket);
    expect(await read('packer/cpu/files/buildkitd.service')).toContain(
      `--addr unix://${socket} --group docker`,
    );
    expect(await read('packer/cpu/files/warmbake-builder')).toContain(`socket=${socket}`);
  });

  it("the agent's builder on it, by name", async () => {
    expect(await read('packer/cpu/cpu.pkr.hcl')).toMatch(
      /variable "builder_name" \{\s+type\s+= string\s+default\s+= "baked-vllm-builder"/,
    );
  });

  it('a marker file whose presence means warm, and whose lines they print', async () => {
    expect(example.marker).toBe('/etc/vllm-ami-info');
    const [, lines] =
      /\{\n(( {2}.*\n)+?)\} >"\$MARKER"/.exec(await read('packer/cpu/scripts/finish.sh')) ?? [];
    const { out } = await run(['sh', '-c', lines ?? ''], {
      PATH: process.env['PATH'],
      size: '41G',
      MARKER_TEXT: 'AMI_COMMIT=x',
    });
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^AMI_BUILD_TIME=\d{4}-\d\d-\d\dT[\d:]{8}Z$/),
      'BUILDKIT_CACHE=41G',
      'AMI_COMMIT=x',
    ]);
  });
});

describe('what jobs hand to each other', () => {
  it('the artifact with what bake resolved, by build number', () => {
    expect(bakeConfigName('4711', '')).toBe('bake-config-build-4711.json');
    expect(bakeConfigName('4711', 'arm64')).toBe('bake-config-build-4711-arm64.json');
  });

  it("the machine image, in the build's meta-data by region", () => {
    expect(imageKey({ region: 'us-east-1' })).toBe('ami-us-east-1');
  });

  it('the names of the annotations that lead from an image to its build', () => {
    expect(example.bake.annotations).toEqual({
      buildNumber: 'vllm.buildkite.build_number',
      buildId: 'vllm.buildkite.build_id',
      revision: 'org.opencontainers.image.revision',
    });
  });
});

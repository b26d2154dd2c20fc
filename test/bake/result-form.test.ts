import { expect, it } from 'vitest';
import { withFittingAnnotations } from '../../src/bake/result-form.ts';

const ANNOTATIONS = ['index,manifest:a=index,manifest:b', 'index:c=d', 'manifest:e=f'];
const disabled = { type: 'provenance', disabled: true };

it.each<[string, object, boolean]>([
  ['with the provenance that buildx adds', {}, true],
  ['with provenance of its own', { attest: ['type=provenance,mode=max'] }, true],
  ['without provenance', { attest: [disabled] }, false],
  ['without provenance, as older buildx prints it', { attest: ['type=provenance,disabled=true'] }, false],
  ['without provenance, in words of its own', { attest: ['Type=provenance,Disabled=1'] }, false],
  ['without provenance, with an SBOM', { attest: [disabled, { type: 'sbom' }] }, true],
  ['without either', { attest: [disabled, { type: 'sbom', disabled: true }] }, false],
  ['for two platforms', { attest: [disabled], platforms: ['linux/amd64', 'linux/arm64'] }, true],
  ['for one platform', { attest: [disabled], platforms: ['linux/arm64'] }, false],
])('a result %s has annotations of an index: %j %s', (_, target, isIndex) => {
  const { annotations } = withFittingAnnotations({ ...target, annotations: ANNOTATIONS });
  expect(annotations).toEqual(
    isIndex ? ANNOTATIONS : ['manifest:a=index,manifest:b', ...ANNOTATIONS.slice(1)],
  );
});

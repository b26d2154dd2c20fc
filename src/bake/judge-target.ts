import { OURS } from './bake-file.ts';
import { type Demand, unclear } from './demand.ts';
import { argumentDemands } from './judge-arguments.ts';
import { contextDemands, dockerfileDemands, namedContextDemands } from './judge-context.ts';
import { isObject, isTexts, secretDemands, sshDemands } from './judge-entries.ts';

/** What one attribute of a target demands; `undefined` where its value is not of the form that buildx prints. */
type Judge = (value: unknown) => readonly Demand[] | undefined;

const nothing: Judge = () => [];
const text =
  (judge: (value: string) => readonly Demand[]): Judge =>
  (value) =>
    typeof value === 'string' ? judge(value) : undefined;
const each =
  (judge: (entry: unknown) => readonly Demand[]): Judge =>
  (value) =>
    Array.isArray(value) ? value.flatMap(judge) : undefined;

/** Every attribute that this version knows, of buildx 0.13 to 0.38 (github.com/docker/buildx, bake/bake.go, `Target`). */
const ATTRIBUTES: ReadonlyMap<string, Judge> = new Map([
  // What is built, and with what; nothing of it leaves the sandbox.
  ...[
    'annotations',
    'attest',
    'description',
    'dockerfile-inline',
    'extra-hosts',
    'labels',
    'no-cache',
    'no-cache-filter',
    'platforms',
    'pull',
    'resources',
    'shm-size',
    'target',
    'ulimits',
  ].map((name) => [name, nothing] as const),
  // Replaced before anything is baked.
  ...[...OURS].map((name) => [name, nothing] as const),
  ['args', argumentDemands],
  ['call', text((call) => (call === '' || call === 'build' ? [] : [unclear(`'${call}' builds nothing`)]))],
  ['contexts', namedContexts],
  [
    'entitlements',
    (value) => (isTexts(value) ? value.map((name) => ({ kind: 'privilege', name })) : undefined),
  ],
  ['network', text(networkDemands)],
  ['secret', each(secretDemands)],
  ['ssh', each(sshDemands)],
]);

/** What a printed target demands, with the attribute that does. Attributes that are not known are demands that nobody can grant. */
export function demandsOf(
  target: unknown,
): readonly { readonly attribute: string; readonly demand: Demand }[] {
  if (!isObject(target)) return [{ attribute: 'target', demand: unclear('it is not an object') }];
  const { context = '.', dockerfile = 'Dockerfile', ...rest } = target;
  if (typeof context !== 'string' || typeof dockerfile !== 'string') {
    return [{ attribute: 'context', demand: unclear('context and dockerfile are not texts') }];
  }
  return [
    ...contextDemands(context).map((demand) => ({ attribute: 'context', demand })),
    ...dockerfileDemands(dockerfile, context).map((demand) => ({ attribute: 'dockerfile', demand })),
    ...Object.entries(rest).flatMap(([attribute, value]) => {
      const judge = ATTRIBUTES.get(attribute);
      const demands =
        judge === undefined
          ? [unclear('this version of warmbake does not know it; update warmbake, or remove it')]
          : (judge(value) ?? [unclear('it is not of the form that buildx prints')]);
      return demands.map((demand) => ({ attribute, demand }));
    }),
  ];
}

function namedContexts(value: unknown): readonly Demand[] | undefined {
  if (!isObject(value)) return undefined;
  return Object.values(value).flatMap((context) =>
    typeof context === 'string' ? namedContextDemands(context) : [unclear('it is not a text')],
  );
}

function networkDemands(mode: string): readonly Demand[] {
  if (['', 'default', 'none'].includes(mode)) return [];
  return [{ kind: 'privilege', name: `network.${mode}` }];
}

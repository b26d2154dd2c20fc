import fc from 'fast-check';
import { type ConfigJson, digest, type RecordJson } from './caches.ts';

/** A step of a build. What it does and what it takes: outputs of earlier steps, or a file of the context. */
export interface Step {
  readonly name: string;
  readonly takes: readonly number[];
  /** Version of the context file that it copies, where it copies one. */
  readonly file?: string;
}

/** A build: its steps, inputs first. */
export type Build = readonly Step[];

/**
 * Builds of one project: the same Dockerfile (any graph of steps), with each its own versions of the context's files.
 * Some of them have a step changed, so that its digest is another one.
 */
export const projects: fc.Arbitrary<readonly Build[]> = fc
  .array(fc.tuple(fc.boolean(), fc.array(fc.nat(), { maxLength: 2 })), { minLength: 2, maxLength: 12 })
  .chain((shape) => {
    const steps = shape.map(([copies, takes], at): Omit<Step, 'name'> & { readonly copies: boolean } => ({
      copies,
      takes: at === 0 ? [] : [...new Set(takes.map((to) => to % at))],
    }));
    const version = fc.array(fc.constantFrom('1', '2', '3'), {
      minLength: steps.length,
      maxLength: steps.length,
    });
    const build = version.map((versions) =>
      steps.map(({ takes, copies }, at): Step => ({
        name: `step ${at}${versions[at] === '3' && !copies ? ' changed' : ''}`,
        takes,
        ...(copies ? { file: versions[at] ?? '1' } : {}),
      })),
    );
    return fc.array(build, { minLength: 1, maxLength: 5 });
  });

/** The key of a context file is its content; the context itself has another key in every build (it is found by the slow way). */
function fileKey(at: number, file: string): string {
  return digest(`content of file ${at} version ${file}`);
}

/** What a cache would be asked for a step: digest, and for each slot the records that would do. */
export interface Question {
  readonly digest: string;
  readonly slots: readonly (readonly {
    readonly step?: number;
    readonly root?: string;
    readonly selector: string;
  }[])[];
}

/** The questions of a build, step by step. */
export function questionsOf(build: Build): readonly Question[] {
  return build.map(({ name, takes, file }, at) => ({
    digest: digest(name),
    slots: [
      ...takes.map((step) => [{ step, selector: '' }]),
      ...(file === undefined
        ? []
        : [
            [
              { root: fileKey(at, file), selector: '' },
              { root: digest('context'), selector: `path ${at} ${file}` },
            ],
          ]),
    ],
  }));
}

/**
 * The cache that BuildKit would export for some steps of a build (a step without its result stays a stepping stone). Layers are
 * named after all that lies below, as the real ones: same step on same inputs, same layers.
 */
export function exported(
  build: Build,
  options: { readonly results: readonly boolean[]; readonly day: number },
): ConfigJson {
  const layers: { blob: string; parent: number }[] = [];
  const records: RecordJson[] = [];
  const roots = new Map<string, number>();
  const root = (key: string): number => {
    const at = roots.get(key) ?? records.push({ digest: key }) - 1;
    roots.set(key, at);
    return at;
  };
  const recordOf: number[] = [];
  const layerOfStep: number[] = [];
  for (const [at, question] of questionsOf(build).entries()) {
    const inputs = question.slots.map((ways) =>
      ways.map(({ step, root: key, selector }) => ({
        link: step === undefined ? root(key ?? '') : (recordOf[step] ?? -1),
        selector,
      })),
    );
    const below = build[at]?.takes[0];
    const parent = below === undefined ? -1 : (layerOfStep[below] ?? -1);
    const blob = digest(
      `layer ${question.digest} ${JSON.stringify(inputs.map((ways) => ways.map(({ link }) => records[link]?.digest)))} ${layers[parent]?.blob}`,
    );
    const known = layers.findIndex((layer) => layer.blob === blob && layer.parent === parent);
    layerOfStep[at] = known >= 0 ? known : layers.push({ blob, parent }) - 1;
    const result = {
      layer: layerOfStep[at] ?? 0,
      createdAt: `2026-08-0${options.day}T00:00:00.00000000${at % 10}Z`,
    };
    const hasResult = options.results[at] ?? true;
    recordOf[at] =
      records.push({
        digest: question.digest,
        ...(inputs.length === 0 ? {} : { inputs }),
        ...(hasResult ? { layers: [result] } : {}),
      }) - 1;
  }
  return { layers, records };
}

/** Donors as they lie in registries: exports of builds of one project, on some days, each without some results. */
export const exportsOfOneProject: fc.Arbitrary<{
  readonly builds: readonly Build[];
  readonly configs: readonly ConfigJson[];
}> = projects.chain((builds) =>
  fc
    .tuple(
      ...builds.map((build) =>
        fc.record({
          results: fc.array(fc.boolean(), { minLength: build.length, maxLength: build.length }),
          day: fc.integer({ min: 1, max: 9 }),
        }),
      ),
    )
    .map((options) => ({
      builds,
      configs: builds.map((build, at) => exported(build, options[at] ?? { results: [], day: 1 })),
    })),
);

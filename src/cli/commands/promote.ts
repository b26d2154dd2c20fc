import { openBuildServices } from '../../image-step/build-services.ts';
import { readMarks } from '../../image-step/marks.ts';
import { promote } from '../../image-step/promote-manifest.ts';
import { promotionText } from '../../image-step/promotion.ts';
import { isCommitSha } from '../../ci/commit-sha.ts';
import { isTag, referenceName, requireReference } from '../../registry/reference.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  unlessDryRun,
} from '../command.ts';
import { linePart } from '../parts.ts';
import { loadConfiguration } from '../loaded.ts';

/** `warmbake promote`: the operator's way to give an image or cache a further name. */
export const promoteCommand: CommandSpec = {
  args: '<ref> <tag>',
  description:
    'Put the manifest of REF under TAG of the same repository. A name that holds a newer commit stays (exit 4) unless --force is given.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--force', help: 'move the name even backwards' },
    { flags: '--dry-run', help: 'say what would happen' },
  ],
  examples: [
    'warmbake promote registry.example.com/app:0123…cdef latest',
    'warmbake promote --force registry.example.com/app:good latest',
  ],
  changesShared: unlessDryRun,
  run,
};

async function run(host: Host, input: Input): Promise<CommandOutcome> {
  const [name = '', tag = ''] = input.args;
  const from = requireReference(name);
  if (!isTag(tag)) throw new WarmbakeError('usage', 'bad-tag', `'${tag}' is not a tag`);
  const loaded = await loadConfiguration(host, input);
  const services = await openBuildServices(loaded.host, loaded.settings, { logins: 'own' });
  try {
    const found = await readMarks(services.registry, from, loaded.settings.bake.annotations);
    if (found.state !== 'found') {
      const because = found.state === 'missing' ? 'it does not exist' : found.because;
      throw new WarmbakeError('outside', 'manifest-unreadable', `${name} cannot be read: ${because}`);
    }
    const { revision, buildNumber } = found.marks;
    const force = flag(input, 'force');
    if (!force && (revision === undefined || !isCommitSha(revision))) {
      const message = `${name} does not say which commit it holds, so its place in history is unknown`;
      throw new WarmbakeError('refused', 'unmarked-manifest', message, {
        hint: 'move the name with --force',
      });
    }
    const promoted = await promote(
      services,
      { what: found.kind, from, to: { ...from, tag }, forwardOnly: !force },
      {
        manifest: {
          ...found,
          ...(revision !== undefined && isCommitSha(revision) ? { commit: revision } : {}),
          ...(buildNumber === undefined ? {} : { buildNumber }),
        },
        dryRun: flag(input, 'dryRun'),
      },
    );
    if (promoted.action === 'failed')
      throw new WarmbakeError('outside', 'promotion-failed', promotionText(promoted));
    return {
      json: { ref: referenceName(promoted.promotion.to), action: promoted.action, because: promoted.because },
      page: [
        linePart(
          `${promotionText(promoted)}${promoted.action === 'stay' ? '; --force moves it all the same' : ''}`,
        ),
      ],
      exitCode: promoted.action === 'stay' ? 4 : 0,
    };
  } finally {
    await services.login.remove();
  }
}

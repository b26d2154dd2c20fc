import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pushBuildkitImage } from '../../parts/instance/buildkit-image.ts';
import { startMachine } from '../../parts/instance/machine.ts';
import { findParts } from '../../parts/find.ts';
import { need } from '../../parts/part.ts';
import { PROJECT } from '../../parts/project.ts';
import type { Registry } from '../../parts/registry.ts';
import { playNextDay, type Stage } from './builds.ts';
import { cleanUp, playDay, summary, type DailyStage } from './daily-job.ts';
import { BASE_AMI, startFleet } from './fleet.ts';

const FIRST_DAY = `Three stacks launch an image that is four days old. One command now makes an image whose BuildKit already holds the
layers of main's last build; proves that a build on it executes nothing and pulls nothing; tries it on the stack
pull-requests, where a job on an instance of it builds once more; publishes its id; and moves the other stacks.
Here AWS is moto, and the instance is an SSH server with an empty BuildKit behind it ("after boot" is this machine's);
Packer, the scripts and the builds are real.
`;

const SECOND_DAY = `Main has moved: another image. Yesterday's stays, to go back to. What yesterday's cleanup condemned goes if nobody needs it
still, and today's condemns two more: it marks first, and deletes an hour later at the earliest. (The demo puts those marks back by a day.)
`;

/**
 * Plays the daily machine image on two days, and a cleanup by hand. Packer, the machine's scripts, the warm builds and the probe are
 * real; AWS is moto. Throws `PartMissing` where a part cannot be had.
 */
export async function playMachineImages(stage: Stage, registry: Registry): Promise<void> {
  const packer = need('packer', (await findParts(process.env)).packer);
  const cleanup: (() => Promise<void>)[] = [];
  try {
    const first = await startMachine();
    cleanup.push(first.stop);
    const fleet = await startFleet(new Date());
    cleanup.push(fleet.stop);
    const configure = await configurer(stage, await pushBuildkitImage(stage.engine, registry, 'demo'));
    const dailyStage = { ...stage, packer, aws: fleet.front.url, configure };

    console.log(`\n##### The daily machine image, first day\n\n${FIRST_DAY}`);
    const firstDay = await playDay('first day', first, dailyStage);
    await playNextDay(stage);
    await fleet.nextDay(firstDay.condemned);
    console.log(`\n##### The daily machine image, second day\n\n${SECOND_DAY}`);
    const second = await startMachine();
    cleanup.push(second.stop);
    const days = [firstDay, await playDay('second day', second, dailyStage)];
    console.log('\n##### Cleaning up by hand: warmbake ami clean\n');
    await cleanUp(dailyStage);
    console.log(`\n##### Both days\n\n${summary(days).join('\n')}\n`);
  } finally {
    for (const stop of cleanup.toReversed()) await stop();
  }
}

/** Writes the project's configuration with that of the machine image added. */
async function configurer(
  { checkout, directory }: Stage,
  buildkit: string,
): Promise<DailyStage['configure']> {
  const template = path.join(directory, 'elastic-ci-stack.yml');
  await writeFile(template, `Mappings: { AWSRegion2AMI: { us-east-1: { linuxamd64: ${BASE_AMI} } } }\n`);
  const own = await readFile(path.join(checkout.directory, 'warmbake.yaml'), 'utf8');
  const [, ...added] = (await readFile(path.join(PROJECT, 'bake/demo/machine-image.yaml'), 'utf8')).split(
    '\n',
  );
  return async (marker, socket) => {
    const words = { BUILDKIT: buildkit, SOCKET: socket, MARKER: marker, TEMPLATE: template };
    const file = path.join(directory, `${path.basename(marker)}.yaml`);
    const text = Object.entries(words).reduce(
      (all, [word, value]) => all.replace(word, value),
      added.join('\n'),
    );
    await writeFile(file, own + text);
    return file;
  };
}

// Makes sure that the newest programs are there that the slow tier runs with as well as with the packaged ones: builds from Go modules
// what is missing, says what is where. Without a Go toolchain they are skipped; where there is one, WARMBAKE_REQUIRE_PARTS=1
// makes what does not build a failure.
import { buildFolder } from './go-build.ts';
import { BUILT_FOLDERS, builtFolder, modulesOf } from './go-programs.ts';
import { findGo } from './newest.ts';

function say(line: string): void {
  console.log(`parts: ${line}`);
}

/** A build of hundreds of modules meets a download that breaks off now and then; what is there already is not fetched again. */
async function tried(work: () => Promise<void>): Promise<void> {
  for (let left = 2; left > 0; left -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      say(`once more: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  await work();
}

const go = await findGo(process.env['PATH'] ?? '');
let complete = true;
for (const folder of BUILT_FOLDERS) {
  const names = modulesOf(folder)
    .map(({ module, version }) => `${module.replace('github.com/', '')} ${version}`)
    .join(' and ');
  if ((await builtFolder(folder)) !== undefined) {
    say(`newest      found    ${names}`);
  } else if (go.state === 'missing') {
    say(`newest      missing  ${names}: ${go.because}`);
  } else {
    say(`building ${names}, some minutes at low priority`);
    const begun = Date.now();
    try {
      await tried(async () => await buildFolder(go.value, folder));
      say(`newest      built    ${names} in ${Math.round((Date.now() - begun) / 1000)} s`);
    } catch (error) {
      complete = false;
      say(`newest      missing  ${names}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1' && !complete) {
  say('WARMBAKE_REQUIRE_PARTS=1 and a program of the newest was not built');
  process.exitCode = 1;
}

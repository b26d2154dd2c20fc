// Fetches what the executables are made of, so that packaging them needs no network. What cannot be had never fails this,
// unless WARMBAKE_REQUIRE_PARTS=1 says so: tests of the executables are skipped without it.
import { ARCHITECTURES, NODE_VERSION, fetchNode } from './node-binary.ts';

for (const arch of ARCHITECTURES) {
  try {
    await fetchNode(arch);
    console.log(`parts: node ${NODE_VERSION} for ${arch} is here`);
  } catch (error) {
    const because = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    console.log(
      `parts: node ${NODE_VERSION} for ${arch} is missing: ${because}; not made without it: its executable`,
    );
    if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1') process.exitCode = 1;
  }
}

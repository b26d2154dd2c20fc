// Prints what was skipped and why, and the last line of a run: `N passed, N failed`; exits with 1 where something failed.
//   node verdict.cjs STATUS FILE...   STATUS: of what ran outside of tests and of the runners; FILE: counts of a run (test/tiers/counts.ts)
// A test that was skipped with a reason is neither; without one it counts as failed, and so does whatever failed outside of tests, once.
const { readFileSync } = require('node:fs');
const { basename } = require('node:path');

const [status, ...files] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${line}\n`);
let [passed, failed, unwritten] = [0, 0, 0];
const skipped = {};
for (const file of files) {
  try {
    const counts = JSON.parse(readFileSync(file, 'utf8'));
    passed += counts.passed;
    failed += counts.failed + counts.unexplained;
    if (counts.unexplained > 0)
      say(`${counts.unexplained} skipped without a reason, which counts as failed here`);
    for (const [because, tests] of Object.entries(counts.skipped))
      skipped[because] = (skipped[because] ?? 0) + tests;
  } catch {
    unwritten += 1;
    say(`no test results were written to ${basename(file)}`);
  }
}
for (const [because, tests] of Object.entries(skipped)) say(`${tests} skipped: ${because}`);
if (failed === 0 && (status !== '0' || unwritten > 0)) failed = 1;
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

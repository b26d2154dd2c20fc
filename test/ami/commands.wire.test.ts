import { test } from 'vitest';
import { startFleet, useFront } from './moto/fleet.ts';
test('x', async () => {
  const fleet = await startFleet({ days: 12 });
  useFront(fleet.front);
  try {
    const [today, yesterday] = fleet.images;
    const show = async (...a: string[]) => { const n = fleet.front.calls.length; const t = performance.now(); const r = await fleet.run(...a); console.log('$ ' + a.join(' ') + ` -> ${r.exitCode} (${fleet.front.calls.length - n} calls, ${Math.round(performance.now() - t)} ms)\n` + r.out + '\n' + r.err); };
    await show('ami', 'roll');
    await show('ami', 'publish', yesterday!);
    await show('ami', 'roll');
    await show('ami', 'roll', '--dry-run', '--json', '--image', today!, '--stack', 'main', 'release');
    await show('ami', 'clean', '--dry-run');
    await show('ami', 'clean');
    await show('ami', 'rebuild', '--image', today!, '--canary-watch', '0s');
    await show('ami', 'publish', 'ami-x');
    await show('ami', 'canary', today!, '--canary-watch', '3s');
  } finally { await fleet.stop(); }
});

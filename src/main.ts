#!/usr/bin/env node
import { VERSION } from './platform/version.ts';

// Not awaited: the packaged file is CommonJS, which knows no top-level await.
// The version alone needs nothing of the rest: scripts ask for it before every call.
if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${VERSION}\n`);
else void import('./root.ts').then(async ({ main }) => await main());

import { afterAll, beforeAll } from 'vitest';
import { openAccount } from '../../../src/ami/aws/account.ts';
import { MOTO_ACCOUNT, startMoto, type Moto } from '../../../parts/moto/server.ts';
import type { Running } from '../../../parts/part.ts';
import { needsMoto } from '../../tiers/moto.ts';
import { describeAccount, type World } from '../model/account-contract.ts';
import { useFront } from '../../../parts/moto/fleet.ts';
import { startFront, type Front } from '../../../parts/moto/front.ts';
import { furnisher } from '../../../parts/moto/furnish.ts';

const isThere = await needsMoto();
let moto: Moto & Running;
let front: Front & Running;
let world: World;

beforeAll(async () => {
  if (!isThere) return;
  moto = await startMoto();
  front = await startFront(moto);
  useFront(front);
  const host = { fetch, signal: new AbortController().signal };
  world = { account: openAccount(host, 'us-east-1'), id: MOTO_ACCOUNT, ...furnisher(moto.url) };
});

afterAll(async () => {
  if (!isThere) return;
  await front.stop();
  await moto.stop();
});

describeAccount(() => world);

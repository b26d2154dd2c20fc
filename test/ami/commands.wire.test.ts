import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { ImageId } from '../../src/ami/ids.ts';
import { STACKS, startFleet, useFront, type Fleet } from './moto/fleet.ts';
import { motoTest as test } from './moto/tier.ts';

type Document = Readonly<Record<string, never>>;

import { describe, expect, test } from 'vitest';
import { chooseDelivery, type DeliveryFacts } from '../../src/delivery/choose-delivery.ts';

const engine = { endpoint: 'unix:///var/run/docker.sock', rootless: false, desktop: false };
const facts: DeliveryFacts = { driver: 'docker', engine, offline: false, mayWrite: true };

const HOST_NETWORK = { network: 'host' };

describe('the gateway is for builders that share the loopback of this machine', () => {
  test.each<[string, Partial<DeliveryFacts>]>([
    ['the engine itself', {}],
    ['an engine of an unknown address', { engine: { rootless: false, desktop: false } }],
    ['the socket of a machine image', { driver: 'remote', endpoint: 'unix:///run/buildkit/buildkitd.sock' }],
    [
      'the same beside a rootless engine',
      { driver: 'remote', endpoint: 'unix:///b', engine: { ...engine, rootless: true } },
    ],
    ['a port of the loopback', { driver: 'remote', endpoint: 'tcp://127.0.0.1:1234' }],
    ['a port of localhost', { driver: 'remote', endpoint: 'tcp://localhost:1234' }],
    ["a container with the host's network", { driver: 'docker-container', driverOptions: HOST_NETWORK }],
    [
      'such a container by the name of a context',
      { driver: 'docker-container', endpoint: 'default', driverOptions: HOST_NETWORK },
    ],
  ])('%s', (_what, some) => {
    expect(chooseDelivery({ ...facts, ...some }).order).toEqual(['gateway', 'registry', 'single']);
    expect(chooseDelivery({ ...facts, ...some, mayWrite: false }).order).toEqual(['gateway', 'single']);
  });
});

describe('others get it by the registry', () => {
  test.each<[string, Partial<DeliveryFacts>, because: string]>([
    ['a rootless engine', { engine: { ...engine, rootless: true } }, 'rootless'],
    ['Docker Desktop', { engine: { ...engine, desktop: true } }, 'Docker Desktop'],
    ['an engine elsewhere', { engine: { ...engine, endpoint: 'ssh://ci@box' } }, 'ssh://ci@box'],
    [
      'an engine in a sibling container',
      { engine: { ...engine, endpoint: 'tcp://docker:2376' } },
      'tcp://docker',
    ],
    ['a BuildKit elsewhere', { driver: 'remote', endpoint: 'tcp://10.0.0.7:1234' }, 'tcp://10.0.0.7:1234'],
    [
      'a BuildKit with a name like localhost',
      { driver: 'remote', endpoint: 'tcp://localhost.example:1' },
      'localhost.example',
    ],
    ['a container of its own network', { driver: 'docker-container' }, 'network of its own'],
    [
      'a container of another network',
      { driver: 'docker-container', driverOptions: { network: 'bridge' } },
      'network of its own',
    ],
    [
      "a container with the host's network of another host",
      { driver: 'docker-container', endpoint: 'ssh://ci@box', driverOptions: HOST_NETWORK },
      'ssh://ci@box',
    ],
    ['a cluster', { driver: 'kubernetes' }, "driver 'kubernetes'"],
  ])('%s', (_what, some, because) => {
    const choice = chooseDelivery({ ...facts, ...some });
    expect(choice).toEqual({ order: ['registry', 'single'], because: expect.stringContaining(because) });
    expect(chooseDelivery({ ...facts, ...some, mayWrite: false })).toEqual({
      order: ['single'],
      because: expect.stringContaining('may not write'),
    });
  });

  test('and nothing is merged offline', () => {
    expect(chooseDelivery({ ...facts, offline: true }).order).toEqual(['single']);
  });
});

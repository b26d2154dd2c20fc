import { beforeAll } from 'vitest';
import { describeAccount, type World } from '../model/account-contract.ts';
import { ACCOUNT, FakeAccount } from './account.ts';
import { addImage, addInstance, addStack } from './furnish.ts';

let world: World;

beforeAll(() => {
  const fake = new FakeAccount();
  world = {
    account: fake.ports,
    id: ACCOUNT,
    addImage: async (name, tags) => addImage(fake, { name, tags }).id,
    addStack: async (name, image) => addStack(fake, name, { image }),
    addInstance: async (image) => addInstance(fake, { image }),
    attach: async (id, group) => {
      const instance = fake.state.instances.get(id);
      if (instance !== undefined) fake.state.instances.set(id, await Promise.resolve({ ...instance, group }));
    },
  };
});

describeAccount(() => world);

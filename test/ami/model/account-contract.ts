import { describe, expect, test } from 'vitest';
import type { Account } from '../../../src/ami/model/account.ts';
import type { ImageId, InstanceId, TemplateId } from '../../../src/ami/model/ids.ts';
import { withVersion, type Launch } from '../../../src/ami/model/launch.ts';
import type { Tags } from '../../../src/ami/model/tags.ts';
import { equalButForImage } from '../../../src/ami/model/template-version.ts';

/** An account that tests can furnish. */
export interface World {
  readonly account: Account;
  readonly id: string;
  readonly addImage: (name: string, tags: Tags) => Promise<ImageId>;
  readonly addStack: (
    name: string,
    image: string,
  ) => Promise<{ readonly template: TemplateId; readonly group: string }>;
  readonly addInstance: (image: ImageId) => Promise<InstanceId>;
  /** Makes an instance one of a group's. */
  readonly attach: (instance: InstanceId, group: string) => Promise<void>;
}

const NOWHERE = 'ami-0fffffffffffffff0';

/** What the jobs rely on, for the fake as for the real thing. Every test uses names of its own, so one world does for all. */
export function describeAccount(open: () => World): void {
  describe('identity', () => {
    test('says which account it is', async () => {
      const { account, id } = open();
      expect(await account.identity.caller()).toEqual({
        account: id,
        arn: expect.stringMatching(/^arn:aws:/),
      });
    });
  });

  describe('images', () => {
    test('are listed by the beginning of their names, with tags and snapshots', async () => {
      const { account, id, addImage } = open();
      const image = await addImage('list-a-1', { 'warmbake:family': 'list' });
      await addImage('list-b-1', {});
      expect(await account.images.list('list-a-')).toEqual([
        {
          id: image,
          name: 'list-a-1',
          owner: id,
          createdAt: expect.any(Date),
          availability: 'available',
          snapshots: [
            {
              id: expect.stringMatching(/^snap-/),
              device: expect.stringMatching(/^\/dev\//),
              gibibytes: expect.any(Number),
            },
          ],
          tags: { 'warmbake:family': 'list' },
        },
      ]);
    });

    test('are found by id', async () => {
      const { account, addImage } = open();
      const image = await addImage('find-1', {});
      expect(await account.images.find(image)).toMatchObject({ id: image, name: 'find-1' });
      expect(await account.images.find(NOWHERE)).toBeUndefined();
    });

    test('are gone once deregistered, which can be done twice', async () => {
      const { account, addImage } = open();
      const image = await addImage('gone-1', {});
      await account.images.deregister(image);
      await account.images.deregister(image);
      expect(await account.images.find(image)).toBeUndefined();
      expect(await account.images.list('gone-')).toEqual([]);
    });
  });

  describe('tags', () => {
    test('are set and cleared on images and snapshots', async () => {
      const { account, addImage } = open();
      const image = await addImage('tags-1', { kept: 'yes' });
      const snapshot = (await account.images.find(image))!.snapshots[0]!.id;
      await account.tagging.set([image, snapshot], {
        'warmbake:family': 'tags',
        'warmbake:state': 'candidate',
      });
      await account.tagging.clear([image], ['warmbake:state']);
      expect((await account.images.find(image))?.tags).toEqual({ kept: 'yes', 'warmbake:family': 'tags' });
      const [tagged] = await account.snapshots.tagged('warmbake:family', 'tags');
      expect(tagged).toMatchObject({
        id: snapshot,
        tags: { 'warmbake:state': 'candidate' },
        startedAt: expect.any(Date),
      });
    });
  });

  describe('snapshots', () => {
    test('stay while an image has them, go afterwards, and are absent then', async () => {
      const { account, addImage } = open();
      const image = await addImage('snapshots-1', {});
      const snapshot = (await account.images.find(image))!.snapshots[0]!.id;
      expect(await account.snapshots.remove(snapshot)).toBe('in-use');
      await account.images.deregister(image);
      expect(await account.snapshots.remove(snapshot)).toBe('removed');
      expect(await account.snapshots.remove(snapshot)).toBe('absent');
    });
  });

  describe('templates', () => {
    test('tell a version by number, $Latest and $Default', async () => {
      const { account, addImage, addStack } = open();
      const { template } = await addStack('versions', await addImage('versions-1', {}));
      const image = await addImage('versions-2', {});
      await account.templates.create({ template, source: 1, image, description: 'second' });
      expect(await account.templates.version(template, '1')).toMatchObject({ number: 1, isDefault: true });
      expect(await account.templates.version(template, '$Default')).toMatchObject({ number: 1 });
      expect(await account.templates.version(template, '$Latest')).toMatchObject({
        number: 2,
        image,
        isDefault: false,
      });
      expect(await account.templates.version(template, '9')).toBeUndefined();
      expect(await account.templates.version('lt-0fffffffffffffff0', '1')).toBeUndefined();
    });

    test('make a version that differs from its source in the image only', async () => {
      const { account, addImage, addStack } = open();
      const { template } = await addStack('inherits', await addImage('inherits-1', {}));
      const image = await addImage('inherits-2', {});
      const source = (await account.templates.version(template, '1'))!;
      const made = await account.templates.create({ template, source: 1, image, description: 'second' });
      expect([made.image, made.data['ImageId'], equalButForImage(made, source)]).toEqual([
        image,
        image,
        true,
      ]);
      expect(await account.templates.version(template, '2')).toEqual(made);
    });

    test('make a version with other block devices, and one with those afterwards', async () => {
      const { account, addImage, addStack } = open();
      const { template } = await addStack('devices', await addImage('devices-1', {}));
      const image = await addImage('devices-2', {});
      const devices = [
        { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 512, VolumeInitializationRate: 300 } },
        { DeviceName: '/dev/xvdb', Ebs: { VolumeSize: 10, DeleteOnTermination: true } },
      ];
      const source = (await account.templates.version(template, '1'))!;
      const made = await account.templates.create({
        template,
        source: 1,
        image,
        description: 'second',
        devices,
      });
      expect(made.data).toEqual({ ...source.data, ImageId: image, BlockDeviceMappings: devices });
      const next = await account.templates.create({ template, source: 2, image, description: 'third' });
      expect(equalButForImage(next, made)).toBe(true);
    });

    test('make one version, however often they are asked the same', async () => {
      const { account, addImage, addStack } = open();
      const { template } = await addStack('repeats', await addImage('repeats-1', {}));
      const request = { template, source: 1, image: await addImage('repeats-2', {}), description: 'once' };
      const [first, second] = [
        await account.templates.create(request),
        await account.templates.create(request),
      ];
      expect([first.number, second.number]).toEqual([2, 2]);
      expect((await account.templates.version(template, '$Latest'))?.number).toBe(2);
    });

    test('find the versions with an image, and the current ones of all templates', async () => {
      const { account, addImage, addStack } = open();
      const old = await addImage('current-1', {});
      const { template } = await addStack('current', old);
      const image = await addImage('current-2', {});
      await account.templates.create({ template, source: 1, image, description: '' });
      expect((await account.templates.withImage(template, image)).map(({ number }) => number)).toEqual([2]);
      expect(
        (await account.templates.all(template)).map(({ number }) => number).toSorted((a, b) => a - b),
      ).toEqual([1, 2]);
      const current = await account.templates.current();
      const own = current.filter((version) => version.template === template);
      expect(new Set(own.map(({ number }) => number))).toEqual(new Set([1, 2]));
    });
  });

  describe('groups', () => {
    test('are listed and found with what they launch', async () => {
      const { account, addImage, addStack } = open();
      const { group, template } = await addStack('groups', await addImage('groups-1', {}));
      const found = await account.groups.find(group);
      expect(found).toMatchObject({
        name: group,
        launch: { kind: 'mixed', use: { template, version: '1' }, overrides: [] },
      });
      expect(await account.groups.list()).toContainEqual(found);
      expect(await account.groups.find('nowhere')).toBeUndefined();
    });

    test('launch another version afterwards, and all else stays', async () => {
      const { account, addImage, addStack } = open();
      const { group, template } = await addStack('relaunch', await addImage('relaunch-1', {}));
      const image = await addImage('relaunch-2', {});
      await account.templates.create({ template, source: 1, image, description: '' });
      const { launch } = (await account.groups.find(group))!;
      const wanted = withVersion(launch as Launch, 2);
      await account.groups.relaunch(group, wanted);
      expect((await account.groups.find(group))?.launch).toEqual(wanted);
    });

    test('that are not there cannot be changed', async () => {
      const { account, addImage, addStack } = open();
      const { group } = await addStack('absent', await addImage('absent-1', {}));
      const { launch } = (await account.groups.find(group))!;
      await expect(account.groups.relaunch('nowhere', launch as Launch)).rejects.toMatchObject({
        kind: 'outside',
      });
    });

    test('end an instance that is drained; one that is none of theirs is gone, which is all the same', async () => {
      const { account, addImage, addStack, addInstance, attach } = open();
      const image = await addImage('drain-1', {});
      const { group } = await addStack('drain', image);
      const [drained, other] = [await addInstance(image), await addInstance(image)];
      await attach(drained, group);
      const running = async () =>
        (await account.instances.list()).flatMap(({ id, state }) => (state === 'running' ? [id] : []));
      expect(await running()).toEqual(expect.arrayContaining([drained, other]));
      expect(await account.groups.drain(drained)).toBe('draining');
      expect(await account.groups.drain(drained)).toBe('gone');
      expect(await account.groups.drain(other)).toBe('gone');
      expect(await running()).not.toContain(drained);
      expect(await running()).toContain(other);
    });

    test('say what they did', async () => {
      const { account, addImage, addStack } = open();
      const { group } = await addStack('activities', await addImage('activities-1', {}));
      expect(await account.groups.activities(group, new Date(0))).toEqual([]);
    });
  });

  describe('instances', () => {
    test('are listed with their images', async () => {
      const { account, addImage, addInstance } = open();
      const image = await addImage('instances-1', {});
      const id = await addInstance(image);
      const found = (await account.instances.list()).find((instance) => instance.id === id);
      expect(found).toMatchObject({ id, image, launchedAt: expect.any(Date) });
    });
  });

  describe('stacks', () => {
    test('tell status, parameters and resources', async () => {
      const { account, addImage, addStack } = open();
      const { group, template } = await addStack('stacks', await addImage('stacks-1', {}));
      expect(await account.stacks.find('stacks')).toMatchObject({
        status: expect.stringMatching(/_COMPLETE$/),
        parameters: { BuildkiteQueue: 'stacks' },
      });
      expect(await account.stacks.resource('stacks', 'AgentAutoScaleGroup')).toBe(group);
      expect(await account.stacks.resource('stacks', 'AgentLaunchTemplate')).toBe(template);
    });

    test('are absent where they are not there', async () => {
      const { account, addImage, addStack } = open();
      await addStack('bare', await addImage('bare-1', {}));
      expect(await account.stacks.find('nowhere')).toBeUndefined();
      expect(await account.stacks.resource('nowhere', 'AgentAutoScaleGroup')).toBeUndefined();
      expect(await account.stacks.resource('bare', 'Other')).toBeUndefined();
    });
  });

  describe('parameters', () => {
    test('are absent, made, overwritten and read by version', async () => {
      const { account } = open();
      const name = '/contract/value';
      expect(await account.parameters.get(name)).toBeUndefined();
      expect(await account.parameters.history(name)).toEqual([]);
      expect([await account.parameters.put(name, 'a'), await account.parameters.put(name, 'b')]).toEqual([
        1, 2,
      ]);
      expect(await account.parameters.get(name)).toMatchObject({
        value: 'b',
        version: 2,
        modifiedAt: expect.any(Date),
      });
      expect(await account.parameters.get(`${name}:1`)).toMatchObject({ value: 'a', version: 1 });
      expect(await account.parameters.get(`${name}:9`)).toBeUndefined();
      const history = await account.parameters.history(name);
      expect(history.map(({ value }) => value)).toEqual(['b', 'a']);
      expect(history[0]).toMatchObject({ modifiedAt: expect.any(Date), labels: [] });
    });

    test('keep a hundred versions', async () => {
      const { account } = open();
      const name = '/contract/many';
      for (let number = 1; number <= 101; number += 1) await account.parameters.put(name, String(number));
      const history = await account.parameters.history(name);
      expect([history.length, history.at(-1)?.value]).toEqual([100, '2']);
    });
  });
}

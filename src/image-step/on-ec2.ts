import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Where the firmware says whose machine this is: Nitro instances and newer Xen ones, and all Xen ones. */
const FILES = ['devices/virtual/dmi/id/board_vendor', 'devices/virtual/dmi/id/sys_vendor', 'hypervisor/uuid'];

/**
 * True on EC2, told from files of the kernel (docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html): off EC2
 * the metadata service would be asked in vain for its whole second. `sys` is where the kernel shows them.
 */
export async function onEc2(sys = '/sys'): Promise<boolean> {
  const texts = await Promise.all(
    FILES.map(async (file) => await readFile(path.join(sys, file), 'utf8').catch(() => '')),
  );
  return texts.some((text) => /^(?:amazon ec2|ec2)/i.test(text));
}

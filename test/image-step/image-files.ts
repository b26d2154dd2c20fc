import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';

/** Path → kind, mode, owner, link target and content; not the time, which is another in each build. */
export type ImageFiles = ReadonlyMap<string, string>;

interface Entry {
  readonly name: string;
  readonly said: string;
}

/** The files of the image under `ref` (`host/path:tag`), layer upon layer as a runtime lays them. */
export async function imageFiles(ref: string): Promise<ImageFiles> {
  const files = new Map<string, string>();
  for (const layer of await layersOf(ref)) {
    const entries = readTar(layer);
    for (const { name } of entries) removeHidden(files, name);
    for (const { name, said } of entries) if (!isWhiteout(name)) files.set(name, said);
  }
  return files;
}

/** The files that the same Dockerfile gives where no cache is used at all. */
export async function uncachedFiles(
  env: Readonly<Record<string, string>>,
  directory: string,
  { target, commit }: { readonly target: string; readonly commit: string },
): Promise<ImageFiles> {
  const options = [
    '--no-cache',
    `--target=${target}`,
    `--build-arg=COMMIT=${commit}`,
    '--output=type=tar,dest=-',
  ];
  const argv = ['buildx', 'build', '--builder=default', '--progress=quiet', ...options, directory];
  const { stdout } = await execa('docker', argv, { env, extendEnv: false, encoding: 'buffer' });
  return new Map(readTar(Buffer.from(stdout)).map(({ name, said }) => [name, said]));
}

const ACCEPT = ['manifest.v1', 'index.v1'].map((kind) => `application/vnd.oci.image.${kind}+json`).join(', ');

interface Document {
  readonly manifests?: readonly { readonly digest: string; readonly platform?: { readonly os: string } }[];
  readonly layers?: readonly { readonly digest: string; readonly mediaType: string }[];
}

async function layersOf(ref: string): Promise<readonly Buffer[]> {
  const [, host = '', path = '', tag = ''] = /^([^/]+)\/(.+?)[:@](.+)$/.exec(ref) ?? [];
  const ask = async (what: string): Promise<Response> => {
    const answer = await fetch(`http://${host}/v2/${path}/${what}`, { headers: { accept: ACCEPT } });
    if (!answer.ok) throw new Error(`${what} of ${ref}: ${answer.status}`);
    return answer;
  };
  const top = (await (await ask(`manifests/${tag}`)).json()) as Document;
  const image = top.manifests?.find(({ platform }) => platform?.os === 'linux');
  const manifest =
    image === undefined ? top : ((await (await ask(`manifests/${image.digest}`)).json()) as Document);
  const layers = manifest.layers ?? [];
  return await Promise.all(
    layers.map(async ({ digest, mediaType }) => {
      if (!mediaType.endsWith('tar+gzip')) throw new Error(`a layer of ${ref} is ${mediaType}`);
      return gunzipSync(Buffer.from(await (await ask(`blobs/${digest}`)).arrayBuffer()));
    }),
  );
}

function isWhiteout(name: string): boolean {
  return /(^|\/)\.wh\.[^/]*$/.test(name);
}

/** What an entry of an upper layer hides (OCI image specification, layer.md). */
function removeHidden(files: Map<string, string>, name: string): void {
  const [, folder = '', hidden = ''] = /^(.*\/)?\.wh\.([^/]*)$/.exec(name) ?? [];
  if (hidden === '') return;
  const gone = hidden === '.wh..opq' ? folder : `${folder}${hidden}`;
  for (const known of files.keys()) {
    if (known.startsWith(hidden === '.wh..opq' ? folder : `${gone}/`) || known === gone) files.delete(known);
  }
}

const BLOCK = 512;

/** POSIX tar with the pax records `path` and `linkpath`. Throws on kinds of entries that a layer of these tests does not have. */
function readTar(tar: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  let pax = new Map<string, string>();
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK);
    const size = numberIn(header, 124, 12);
    const body = tar.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const kind = textIn(header, 156, 1);
    if (kind === 'x') {
      const records = body.toString('utf8').matchAll(/\d+ ([^=]+)=(.*)\n/g);
      pax = new Map([...records].map(([, key = '', value = '']) => [key, value]));
      continue;
    }
    if (!'0125'.includes(kind)) throw new Error(`an entry of kind '${kind}'`);
    const name = (pax.get('path') ?? textIn(header, 0, 100)).replace(/^\.?\/|\/$/g, '');
    const link = pax.get('linkpath') ?? textIn(header, 157, 100);
    const owner = `${numberIn(header, 108, 8)}:${numberIn(header, 116, 8)}`;
    const content = createHash('sha256').update(body).digest('hex');
    const said = `${kind} ${numberIn(header, 100, 8).toString(8)} ${owner} ${link} ${content}`;
    if (name !== '' && name !== '.') entries.push({ name, said });
    pax = new Map();
  }
  return entries;
}

function textIn(header: Buffer, from: number, length: number): string {
  return header.toString('utf8', from, from + length).replace(/\0.*$/s, '');
}

function numberIn(header: Buffer, from: number, length: number): number {
  return Number.parseInt(textIn(header, from, length).trim() || '0', 8);
}

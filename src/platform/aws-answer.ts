/** What was asked, as far as it says which answer belongs to it. */
interface AwsQuestion {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A success that is no answer to what was asked; the SDK would read an empty list out of it, and does not ask again. */
export class ForeignAnswer extends Error {}

/** Bytes at both ends of an answer that are looked at. */
const LOOKED_AT = 512;

/**
 * Why what came with a status of success is not the answer to the request: an empty one, the page of a proxy, the answer to another
 * action, one that was cut off. `undefined` where it is, and for protocols where nothing tells (S3). An action of the query
 * protocols is answered by `<ActionResponse>…</ActionResponse>`, one of the JSON protocols by an object (smithy.io, "AWS Query",
 * "EC2 Query" and "AWS JSON 1.1 protocol").
 */
export function whyForeign({ headers, body }: AwsQuestion, answer: Uint8Array): string | undefined {
  const target = targetOf({ headers });
  const action = actionOf({ body });
  const begin = textOf(answer.subarray(0, LOOKED_AT)).trimStart();
  const end = textOf(answer.subarray(-LOOKED_AT)).trimEnd();
  if (target !== undefined) {
    const isObject = begin.startsWith('{') && end.endsWith('}');
    return isObject ? undefined : foreign(target.split('.').at(-1) ?? target, begin);
  }
  if (action === undefined) return undefined;
  const root = /^(?:<\?xml[^>]*\?>\s*)?<([\w.:-]+)/.exec(begin)?.[1];
  if (root !== `${action}Response`) return foreign(action, begin);
  if (end.endsWith(`</${root}>`) || /^(?:<\?xml[^>]*\?>\s*)?<[^<>]*\/>$/.test(begin)) return undefined;
  return `the answer to ${action} is cut off`;
}

/** Whether the request is one of the query or JSON protocols, whose answers are read whole. */
export function isOfDocuments(question: AwsQuestion): boolean {
  return targetOf(question) !== undefined || actionOf(question) !== undefined;
}

function targetOf({ headers }: Pick<AwsQuestion, 'headers'>): string | undefined {
  return headers['x-amz-target'] ?? headers['X-Amz-Target'];
}

function actionOf({ body }: Pick<AwsQuestion, 'body'>): string | undefined {
  return typeof body === 'string' ? /(?:^|&)Action=(\w+)/.exec(body)?.[1] : undefined;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}

function foreign(action: string, begin: string): string {
  const what =
    begin === '' ? 'it is empty' : `it begins with '${begin.slice(0, 40).replaceAll(/\s+/g, ' ')}'`;
  return `what came with status 200 is not an answer to ${action}: ${what}`;
}

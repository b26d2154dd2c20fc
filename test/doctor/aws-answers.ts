import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that stands where AWS is. */
export interface AwsAnswers extends AsyncDisposable {
  readonly endpoint: string;
}

/** Answers every request of the SDK in AWS's place. */
export async function startAws(
  serve: (request: IncomingMessage, answer: ServerResponse) => void,
): Promise<AwsAnswers> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

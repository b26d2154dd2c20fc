import { fetchHandler } from '../../src/platform/aws-handler.ts';

/** An SDK client that talks to moto itself, whatever the environment says. */
export function clientOf(url: string, using: typeof fetch = fetch) {
  return {
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
    requestHandler: fetchHandler(using),
  };
}

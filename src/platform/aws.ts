import { setMaxListeners } from 'node:events';
import { awsCode, awsError, type AwsRequestName } from './aws-fault.ts';
import { fetchHandler } from './aws-handler.ts';
import { serviceLimit, type LimitedHost } from './aws-limits.ts';
import type { HttpClient } from './http.ts';

/** Configuration of every SDK client: credentials and endpoints are what the SDK finds in environment and files. */
export interface ClientSettings {
  readonly region: string;
  /** The first one included; the SDK backs off for a minute in all when it is throttled. */
  readonly maxAttempts: 8;
  readonly retryMode: 'standard';
  readonly customUserAgent: 'warmbake';
  readonly requestHandler: ReturnType<typeof fetchHandler>;
}

/** The same for a service that limits how often it is asked: all its clients slow down together, and go on until they are done. */
export type LimitedSettings = Omit<ClientSettings, 'retryMode'> & {
  readonly retryStrategy: ReturnType<typeof serviceLimit>;
};

/** The second argument of the SDK's `send` and of its paginators. */
export interface SendOptions {
  readonly abortSignal: AbortSignal;
}

/** Sends one request, or all pages of one. */
export type AwsWork<T> = (options: SendOptions) => Promise<T>;

/** A result, or the code of a refusal that was expected. */
export type AwsAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string };

/** Calls to one region of AWS. Clients are made by those who call, and loaded when they do. */
export interface Aws {
  readonly settings: ClientSettings;
  /** Settings of a client of `service`, as people call it: `CloudFormation`. */
  limited(service: string): LimitedSettings;
  /** The result of `work`. Throws `outside`; the reason of the run's signal where that is aborted. */
  call<T>(name: AwsRequestName, work: AwsWork<T>): Promise<T>;
  /** Like `call`, but refusals with one of the codes in `expect` are answers. */
  ask<T>(
    name: AwsRequestName & { readonly expect: readonly string[] },
    work: AwsWork<T>,
  ): Promise<AwsAnswer<T>>;
}

/** AWS in `region`. */
export function openAws(host: { readonly fetch: HttpClient } & LimitedHost, region: string): Aws {
  const attempt = async <T>(work: AwsWork<T>, otherwise: (error: unknown) => T): Promise<T> => {
    host.signal.throwIfAborted();
    try {
      return await work({ abortSignal: host.signal });
    } catch (error) {
      host.signal.throwIfAborted();
      return otherwise(error);
    }
  };
  // Every request under way listens to the signal; Node takes more than ten for a leak.
  setMaxListeners(0, host.signal);
  const common = {
    region,
    maxAttempts: 8,
    customUserAgent: 'warmbake',
    requestHandler: fetchHandler(host.fetch),
  } as const;
  return {
    settings: { ...common, retryMode: 'standard' },
    limited: (service) => ({ ...common, retryStrategy: serviceLimit(host, service, region) }),
    call: async (name, work) =>
      await attempt(work, (error) => {
        throw awsError(error, name);
      }),
    ask: async <T>(name: AwsRequestName & { readonly expect: readonly string[] }, work: AwsWork<T>) =>
      await attempt<AwsAnswer<T>>(
        async (options) => ({ ok: true, value: await work(options) }),
        (error) => {
          if (name.expect.includes(awsCode(error))) return { ok: false, code: awsCode(error) };
          throw awsError(error, name);
        },
      ),
  };
}

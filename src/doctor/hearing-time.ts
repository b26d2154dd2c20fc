import type { Host } from '../platform/host.ts';
import type { HttpHeaders } from '../platform/http.ts';
import { isLoopback } from '../registry/reference.ts';
import type { HeardTime } from './clock-skew.ts';

/** A host that notes what servers say the time is. */
export interface HearingHost {
  readonly host: Host;
  /** Of servers elsewhere where there are any: one of this machine has this machine's clock. */
  readonly heard: () => readonly HeardTime[];
}

/** Listens to the `Date` of every answer (RFC 9110, 6.6.1); an answer out of a cache, which has an `Age`, tells an older time. */
export function hearingTime(outer: Host): HearingHost {
  const heard: HeardTime[] = [];
  const listen = (url: string, headers: HttpHeaders): void => {
    const date = Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(date) || headers.get('age') !== null || !URL.canParse(url)) return;
    heard.push({ host: new URL(url).host, aheadMs: date - outer.clock.now().getTime() });
  };
  const { fetch, http } = outer;
  return {
    host: {
      ...outer,
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        listen(
          typeof input === 'string' ? input : input instanceof URL ? input.href : input.url,
          answer.headers,
        );
        return answer;
      },
      ...(http === undefined
        ? {}
        : {
            http: async (url, request) => {
              const answer = await http(url, request);
              listen(url, answer.headers);
              return answer;
            },
          }),
    },
    heard: () => {
      const elsewhere = heard.filter(({ host }) => !isLoopback(host));
      return elsewhere.length > 0 ? elsewhere : heard;
    },
  };
}

/** What is asked of an SDK client here. */
interface Logging {
  readonly middlewareStack: { remove(step: string): boolean };
}

/**
 * The client without the step that copies each question and answer for a log: nobody keeps one, and of a long list the copy is a fifth of
 * what reading it takes. Throws where the SDK has no such step any more.
 */
export function withoutLog<Client extends Logging>(client: Client): Client {
  if (client.middlewareStack.remove('loggerMiddleware')) return client;
  throw new Error('the SDK has no step loggerMiddleware');
}

import { once } from 'node:events';
import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type {
  ChangesMessage,
  FleetMessage,
  Incident,
  ShardMessage,
  TotalsMessage,
} from '../../src/dashboard/messages.js';
import { until } from '../shard/rig.js';

interface Messages {
  fleet: FleetMessage;
  changes: ChangesMessage;
  totals: TotalsMessage;
  shard: ShardMessage;
}

type Received = {
  readonly [Name in keyof Messages]: { readonly name: Name; readonly message: Messages[Name] };
}[keyof Messages];

/** A client that reads the stream as a page does. */
export class Viewer {
  /** Text of the stream so far. */
  text = '';
  isClosed = false;
  readonly response: IncomingMessage;
  readonly #request: ClientRequest;
  readonly #received: Received[] = [];
  #read = 0;

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent;
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (this.text += chunk));
    response.on('close', () => (this.isClosed = true));
    response.on('error', () => {});
  }

  static async open(
    url: string | null,
    key: string | null = null,
    headers: Record<string, string> = {},
  ): Promise<Viewer> {
    const query = key === null ? '' : `?shard=${encodeURIComponent(key)}`;
    const sent = request(new URL(`/events${query}`, `${url}`), { headers, agent: false });
    sent.on('error', () => {}).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return new Viewer(sent, response);
  }

  get received(): readonly Received[] {
    const end = this.text.lastIndexOf('\n\n');
    for (const event of this.text.slice(this.#read, Math.max(this.#read, end)).split('\n\n')) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      if (name !== undefined) this.#received.push({ name, message: JSON.parse(`${data}`) } as Received);
    }
    if (end > this.#read) this.#read = end + 2;
    return this.#received;
  }

  all<Name extends keyof Messages>(name: Name): Messages[Name][] {
    return this.received.filter((received) => received.name === name).map(({ message }) => message as Messages[Name]);
  }

  last<Name extends keyof Messages>(name: Name): Messages[Name] | undefined {
    return this.all(name).at(-1);
  }

  /** States that a page would show, by key. */
  get states(): Record<string, number> {
    let states: Record<string, number> = {};
    for (const { name, message } of this.received) {
      if (name === 'fleet') states = Object.fromEntries(message.shards.map(({ key, state }) => [key, state]));
      if (name === 'changes') {
        for (const [key, state] of Object.entries(message.states)) if (key in states) states[key] = state;
      }
    }
    return states;
  }

  /** Incidents that a page would show, oldest first. */
  get incidents(): Incident[] {
    const incidents = new Map<number, Incident>();
    for (const { name, message } of this.received) {
      if (name === 'fleet') incidents.clear();
      if (name === 'fleet' || name === 'changes') for (const it of message.incidents) incidents.set(it.id, it);
    }
    return [...incidents.values()];
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }
}

/** Opens a stream and waits for its first message. */
export async function watching(url: string | null, key: string | null = null): Promise<Viewer> {
  const viewer = await Viewer.open(url, key);
  await until(() => viewer.last('fleet') !== undefined);
  if (key !== null) await until(() => viewer.last('shard') !== undefined);
  return viewer;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `fetch` would set Host and Origin itself. The path is sent unchanged. */
export async function ask(
  url: string | null,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answered> {
  const { hostname, port } = new URL(`${url}`);
  const sent = request({ hostname: hostname.replaceAll(/[[\]]/g, ''), port, path, method, headers, agent: false });
  sent.on('error', () => {}).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

/** Sends a request as the page does. */
export function post(url: string | null, path: string, headers: Record<string, string> = {}): Promise<Answered> {
  const { origin } = new URL(`${url}`);
  return ask(url, path, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', ...headers },
    body: '{}',
  });
}

/** Returns a function that counts the listeners added since this call. */
export function countListeners(emitter: object): () => number {
  const watched = emitter as Record<'on' | 'off', (...args: unknown[]) => unknown>;
  const { on, off } = watched;
  let listeners = 0;
  watched.on = (...args) => {
    listeners += 1;
    return on.apply(emitter, args);
  };
  watched.off = (...args) => {
    listeners -= 1;
    return off.apply(emitter, args);
  };
  return () => listeners;
}

import { once } from 'node:events';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { assign, createActor, setup, type AnyActorRef } from 'xstate';
import type { InspectedGroup, InspectedShard, Inspector } from '../../src/inspector/index.js';

export interface Message {
  readonly type: '@xstate.actor' | '@xstate.event' | '@xstate.snapshot';
  readonly name?: string;
  readonly sessionId: string;
  readonly rootId: string;
  readonly parentId?: string;
  readonly definition?: string;
  readonly snapshot?: { readonly status: string; readonly value?: unknown; readonly context?: Record<string, unknown> };
  readonly event?: { readonly type: string };
}

/** WebSocket client that collects the inspector's messages. */
export class Viewer {
  readonly texts: string[] = [];
  readonly socket: WebSocket;
  isClosed = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.texts.push(data.toString()));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => {});
  }

  static async open(url: string | null, headers: Record<string, string> = {}): Promise<Viewer> {
    const viewer = new Viewer(new WebSocket(`${url}`.replace(/^http/, 'ws'), { headers }));
    await once(viewer.socket, 'open');
    return viewer;
  }

  get messages(): Message[] {
    return this.texts.map((text) => JSON.parse(text) as Message);
  }

  names(): (string | undefined)[] {
    return this.messages.filter(({ type }) => type === '@xstate.actor').map(({ name }) => name);
  }

  /** Last message with a snapshot of the actor with this name. */
  last(name: string): Message | undefined {
    const ids = new Set(this.messages.filter((message) => message.name === name).map(({ sessionId }) => sessionId));
    return this.messages.findLast(({ sessionId, snapshot }) => ids.has(sessionId) && snapshot !== undefined);
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

/** HTTP status of an upgrade with these headers: 101 where it succeeds. */
export async function upgradeStatus(url: string | null, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${url}`.replace(/^http/, 'ws'), { headers });
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
  });
}

const counting = setup({
  types: { context: {} as { count: number }, events: {} as { type: 'count' } | { type: 'end' } },
}).createMachine({
  id: 'counting',
  context: { count: 0 },
  initial: 'on',
  states: {
    on: { on: { count: { actions: assign({ count: ({ context }) => context.count + 1 }) }, end: 'over' } },
    over: { type: 'final' },
  },
});

/** Shard whose chart counts events. */
export function countingShard(id = 0) {
  const actor = createActor(counting, { id: `shard ${id}` }).start();
  return { id, actor };
}

/** Counts the observers that a system gets from now on. */
export function countObservers(actor: AnyActorRef): () => number {
  const { system } = actor;
  const { inspect } = system;
  let observers = 0;
  system.inspect = (observer) => {
    const subscription = inspect(observer);
    observers += 1;
    return {
      unsubscribe: () => {
        observers -= 1;
        subscription.unsubscribe();
      },
    };
  };
  return () => observers;
}

/** Group of counting shards. */
export class Group implements InspectedGroup {
  ids: number[] = [];
  readonly shards = new Map<number, InspectedShard>();
  readonly listeners = new Set<(shard: InspectedShard) => void>();

  make(id: number) {
    const shard = countingShard(id);
    if (!this.ids.includes(id)) this.ids.push(id);
    this.shards.set(id, shard);
    for (const listener of this.listeners) listener(shard);
    return shard;
  }

  on(_name: 'shard', listener: (shard: InspectedShard) => void): void {
    this.listeners.add(listener);
  }

  off(_name: 'shard', listener: (shard: InspectedShard) => void): void {
    this.listeners.delete(listener);
  }
}

/** Names of the actors that a new viewer gets. */
export async function namesNow(inspector: Inspector): Promise<(string | undefined)[]> {
  await inspector.ready;
  using viewer = await Viewer.open(inspector.url);
  // The pong comes behind the backlog.
  viewer.socket.ping();
  await once(viewer.socket, 'pong');
  return viewer.names();
}

/** Opens a viewer and waits until it has got enough. */
export async function viewerOf(inspector: Inspector, hasEnough: (viewer: Viewer) => boolean): Promise<Viewer> {
  await inspector.ready;
  const viewer = await Viewer.open(inspector.url);
  await expect.poll(() => hasEnough(viewer), { timeout: 10_000 }).toBe(true);
  return viewer;
}

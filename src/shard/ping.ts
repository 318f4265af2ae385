import type { Wire } from '../actors/wire.js';
import { ShardError } from '../util/errors.js';
import { within } from '../util/within.js';

const PING_TIMEOUT_MS = 10_000;

/** Sends a WebSocket ping over the open connection. Resolves with the round trip in milliseconds. */
export function ping({ connection }: Wire): Promise<number> {
  const answered = new Promise<number>((resolve, reject) => {
    if (!connection?.isOpen) return reject(notConnected());
    connection.ping((roundTripMs) => (roundTripMs === null ? reject(notConnected()) : resolve(roundTripMs)));
  });
  return within(PING_TIMEOUT_MS, answered, 'pong');
}

const notConnected = () =>
  new ShardError('NOT_CONNECTED', 'There is no open connection to ping. Await connect() first.');

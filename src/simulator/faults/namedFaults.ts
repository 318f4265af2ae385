import type { ConnectionAction } from './faults.js';

/** Faults of a connection by short names, for whoever types them or finds them on a button. */
export const namedFaults: Readonly<Record<string, ConnectionAction>> = {
  drop: { reset: true },
  zombie: { silence: true },
  op1: { requestHeartbeat: true },
  op7: { reconnect: true },
  op9: { invalidSession: true },
  'op9!': { invalidSession: false },
  corrupt: { sendCorrupt: true },
  lose: { loseSession: true },
};

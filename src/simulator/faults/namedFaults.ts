import type { ConnectionAction } from './faults.js';

/** Short names of connection faults, for the command line and for buttons. */
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

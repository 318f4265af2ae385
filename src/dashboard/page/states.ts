import type { Lifecycle } from '../../../machines/lifecycle.js';

/** One letter a state, so that colour is never alone in telling them apart. */
export const letters: Readonly<Record<Lifecycle, string>> = {
  Offline: 'O',
  Connecting: 'C',
  Identifying: 'I',
  Resuming: 'R',
  Connected: '✓',
  Disconnected: 'D',
};

/** In a cell the many that are well stay blank: what is not well stands out. */
export const cellLetter = (state: Lifecycle): string => (state === 'Connected' ? '' : letters[state]);

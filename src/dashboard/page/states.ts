import type { ShownState } from '../messages.js';

/** One letter a state, so that colour is never alone in telling them apart. */
export const letters: Readonly<Record<ShownState, string>> = {
  Offline: 'O',
  Connecting: 'C',
  Identifying: 'I',
  Resuming: 'R',
  Connected: '✓',
  Disconnected: 'D',
  fatal: '✕',
};

/** In a cell the many that are well stay blank: what is not well stands out. */
export const cellLetter = (state: ShownState): string => (state === 'Connected' ? '' : letters[state]);

/** As the chart has it. */
export const stateName = (state: ShownState): string => (state === 'fatal' ? 'Offline · fatal' : state);

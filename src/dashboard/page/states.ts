import type { ShownState } from '../messages.js';

/** A letter for each state, so that colours are never the only difference. */
export const letters: Readonly<Record<ShownState, string>> = {
  Offline: 'O',
  Connecting: 'C',
  Identifying: 'I',
  Resuming: 'R',
  Connected: '✓',
  Disconnected: 'D',
  fatal: '✕',
};

/** Connected cells stay blank, so that all others stand out. */
export const cellLetter = (state: ShownState): string => (state === 'Connected' ? '' : letters[state]);

/** Name of a state as in the chart. */
export const stateName = (state: ShownState): string => (state === 'fatal' ? 'Offline · fatal' : state);

import type { ManagerContext, ShardRef } from '../../../machines/index.js';
import type { Facts, Law } from './lawbook.js';
import { law } from './managerLaw.js';
import { AWAITING_AWAY, goesOn, RAISING } from './managerOutcomes.js';
import { nameOf, namesIn } from './managerSheet.js';

const isKnown = ({ context: { current, next, previous, leaving }, event }: Facts<ManagerContext, ShardRef>) =>
  [...[current, next, previous].flatMap(namesIn), ...leaving.map(nameOf)].includes(nameOf(event));

/** Laws on the reports of shards. */
export const managerReportLaws: readonly Law<ManagerContext>[] = [
  law('a shard past HELLO makes room for the next', {
    in: '',
    on: 'shard.opened',
    if: isKnown,
    owes: ({ path, sheet, event }) => {
      const name = nameOf(event);
      if (sheet.placeOf(name) === 'opening') sheet.move([name], 'rising');
      return goesOn(path, sheet);
    },
  }),
  law('a Connected shard is neither starting nor lost', {
    in: '',
    on: 'shard.up',
    if: isKnown,
    owes: ({ path, sheet, event }) => {
      const name = nameOf(event);
      if (sheet.placeOf(name) !== 'closing') sheet.move([name], 'up');
      return goesOn(path, sheet);
    },
  }),
  law('a shard that was Connected is away', {
    in: '',
    on: 'shard.left',
    if: isKnown,
    owes: ({ path, sheet, event }) => {
      const name = nameOf(event);
      if (sheet.placeOf(name) === 'up') sheet.move([name], 'away');
      return goesOn(path, sheet);
    },
  }),
  law('a shard that went down stays down, and fails an operation that needs it', {
    in: '',
    on: 'shard.down',
    if: isKnown,
    owes: ({ path, sheet, event }) => {
      const name = nameOf(event);
      const place = sheet.placeOf(name);
      if (place === 'waiting' || place === 'closing') return goesOn(path, sheet);
      const isComing = [RAISING, AWAITING_AWAY].includes(path) && namesIn(sheet.next).includes(name);
      if (place === 'opening' || place === 'rising' || sheet.due.includes(name) || isComing) sheet.failed.push(name);
      sheet.due = sheet.due.filter((other) => other !== name);
      return goesOn(path, sheet.move([name], 'down'));
    },
  }),
  law('a shard that is gone is not leaving any more', {
    in: '',
    on: 'shard.gone',
    if: isKnown,
    owes: ({ path, sheet, event }) => {
      const name = nameOf(event);
      if (sheet.placeOf(name) === 'closing') sheet.move([name], 'up');
      return goesOn(path, sheet);
    },
  }),
];

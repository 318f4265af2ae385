const ledDown = 'a shard that is to stay down is led from Disconnected to Offline.idle by the always edge in any case';
const disjoint = 'the two guards never hold together: which is tried first makes no difference';

/** Mutants that cannot be told from our charts by anything a shard does, each with the reason. */
export const equivalents: Readonly<Record<string, string>> = {
  'shard: drop target Disconnected on close': ledDown,
  'shard: drop target Disconnected on abort': ledDown,
  'shard: retarget edge awaitingSession on store.failed #0 to Disconnected': ledDown,
  'shard: drop reenter Online.link.session.Identifying.awaitingReady.prompt on gateway.acknowledged':
    'the target is another state, which is entered in any case',
  'shard: swap edges Offline.idle on resume #0': disjoint,
  'shard: swap edges Online onError #0': disjoint,
  'shard: swap edges Online.link on socket.closed #0': disjoint,
  'shard: swap edges Online.closing.reconnecting on socket.closed #0': disjoint,
  'identifyAllowance: swap edges exhausted always #0': disjoint,
  'identifyQueue: swap edges serving always #0': disjoint,
  'manager: swap edges Online.Starting always #1': disjoint,
  'manager: swap edges Online.Scaling always #0': disjoint,
  'manager: swap edges Online.Restarting always #1': disjoint,
  'manager: swap edges Online.Resharding.raising always #1': disjoint,
  'manager: retarget edge Online.Resharding.raising always #0 to Online.Resharding.awaitingAway':
    'a reshard that has failed is led from awaitingAway to abandoning before anybody can listen',
  'worker: change initial Online': 'a parallel state enters all of its regions, whatever its initial one',
  'worker: retarget edge Joining on worker.joined to Online.duty':
    'a parallel state enters all of its regions, whichever is the target',
};

/**
 * A mutant that survives pays for every trial, half a minute of them. So each equivalent is given another eighth of the trials, and
 * eight of them take all. `MUTATION_TRIALS=all npm run test:mutation` gives every trial to each.
 */
export const EIGHTH = 8;
export const isWhole = process.env['MUTATION_TRIALS'] === 'all';

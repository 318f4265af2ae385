/** Edges of the shard's chart that no user, limiter, store or gateway can cause, with the reason. */
export const notRun: Readonly<Record<string, string>> = {
  'shard|xstate.error.actor.bucket|0': 'the bucket is a chart of ours, and nothing that is sent can make it throw',
  'shard.Offline.idle|connect|0': 'connect() brings no session: it comes with the options, or from the store',
  'shard.awaitingSession|connect|0': 'the same',
  'shard.awaitingSession|xstate.error.actor.sessionStore|0':
    'a store that throws or rejects is reported as store.failed, which is run',
  'shard.awaitingSession|xstate.error.actor.sessionStore|1': 'the same',
  'shard.Online|xstate.error.actor.socket|0': 'the socket actor catches what its commands throw and reports a close',
  'shard.Online|xstate.error.actor.socket|1': 'the same',
  'shard.Online|xstate.error.actor.socket|2': 'the same; a URL that cannot be resolved or opened is a close with 1006',
  'shard.Online.link.session|xstate.error.actor.heartbeat|0': 'the heartbeat is a chart of ours, and HELLO is checked',
  'shard.Online.link.session.Identifying.awaitingSlot|xstate.error.actor.slot|0':
    'a limiter that throws or rejects is reported as slot.failed, which is run',
  'shard.Online.link.session.Identifying.awaitingReady.prompt|xstate.after.probe.shard.Online.link.session.Identifying.awaitingReady.prompt|0':
    'it takes half of a limit of 5 s or more; test/shard/lateReady.test.ts has one',
  'shard.Online.link.session.Identifying.awaitingReady.alive|xstate.after.probe.shard.Online.link.session.Identifying.awaitingReady.alive|0':
    'the same',
  'shard.Online.link.session.Connected.stable|gateway.acknowledged|0':
    'a silence longer than a run; test/shard/lifeEvents.test.ts has it',
  'shard.Online.link.session.Connected.stable|gateway.acknowledged|1': 'the same',
  'shard.Online.link.session.Connected.quiet|gateway.acknowledged|0': 'the same',
  'shard.Online.closing.stopping|shutdown|0':
    'shutdown() sends one event: each further call returns the promise of the first',
  'shard.Online.closing.aborting|xstate.after.close.shard.Online.closing.aborting|0':
    'an abort is over before the command returns: the socket reports its end without waiting for the gateway',
};

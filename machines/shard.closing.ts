import { causes } from '../src/protocol/decision.js';
import {
  answersFatally,
  answersWithLoss,
  decideBy,
  decideByCode,
  rememberSequence,
  renewSession,
  shardSetup,
  spread,
  standDown,
} from './shard.setup.js';

/** Disconnected while our close frame waits for its answer: the part of the shard's chart that follows every `giveUp`. */
export const closing = shardSetup.createStateConfig({
  on: {
    'socket.closing': { actions: rememberSequence },
    shutdown: { target: '.stopping', actions: standDown },
  },
  initial: 'reconnecting',
  states: {
    reconnecting: {
      entry: 'closeSocket',
      on: {
        'socket.closed': [
          { guard: answersFatally, target: '#shard.Offline.fatal', actions: ['forgetSession', decideByCode] },
          { guard: answersWithLoss, target: '#shard.Disconnected', actions: ['forgetSession', decideByCode, spread] },
          { target: '#shard.Disconnected', actions: spread },
        ],
        // With autoReconnect off the shard is about to stay down: connect and reconnect turn it round.
        connect: { guard: 'staysDown', actions: decideBy(causes.connectRequested) },
        reconnect: { guard: 'staysDown', actions: decideBy(causes.reconnectRequested) },
        identify: { actions: renewSession.actions },
        reinstantiate: { actions: renewSession.actions },
        close: { target: 'goingOffline', actions: standDown },
        abort: { target: 'aborting', actions: standDown },
      },
      after: { close: '#shard.Disconnected' },
    },
    goingOffline: {
      entry: 'closeSocket',
      on: {
        'socket.closed': '#shard.Offline.idle',
        connect: { target: 'reconnecting', actions: decideBy(causes.connectRequested) },
        identify: { target: 'reconnecting', actions: renewSession.actions },
        close: { actions: standDown },
        abort: { target: 'aborting', actions: standDown },
      },
      after: { close: '#shard.Offline.idle' },
    },
    stopping: {
      entry: 'closeSocket',
      on: {
        'socket.closed': '#shard.Offline.stopped',
        shutdown: {},
        abort: { actions: [...standDown, 'abortSocket'] },
      },
      after: { close: '#shard.Offline.stopped' },
    },
    aborting: {
      entry: 'abortSocket',
      on: {
        'socket.closed': '#shard.Offline.idle',
        shutdown: 'stopping',
        abort: { actions: [...standDown, 'abortSocket'] },
      },
      after: { close: '#shard.Offline.idle' },
    },
  },
});

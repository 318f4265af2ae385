import type {
  APIGuildMember,
  APISoundboardSound,
  GatewayChannelInfoDispatchData,
  GatewayDispatchPayload,
  GatewayGuildMembersChunkDispatchData,
  GatewayMessageCreateDispatchData,
  GatewayReadyDispatchData,
  GatewayVoiceServerUpdateDispatchData,
  GatewayVoiceStateUpdateDispatchData,
} from 'discord-api-types/v10';
import { describe, expectTypeOf, test } from 'vitest';
import {
  createShard,
  type Action,
  type Decision,
  type EventStream,
  type FatalShardError,
  type IdentifyLimiter,
  type Lifecycle,
  type Malformed,
  type Session,
  type SessionStore,
  type Shard,
  type ShardErrorCode,
  type ShardOptions,
  type TransitionRecord,
} from '../../src/index.js';

declare const shard: Shard;

describe('options', () => {
  test('intents are names, bits or their sum', () => {
    expectTypeOf<513>().toExtend<ShardOptions['intents']>();
    expectTypeOf<readonly ['Guilds', 'GuildMessages']>().toExtend<ShardOptions['intents']>();
    expectTypeOf<['Guilds', 512]>().toExtend<ShardOptions['intents']>();
    expectTypeOf<['Guild']>().not.toExtend<ShardOptions['intents']>();
    expectTypeOf<'Guilds'>().not.toExtend<ShardOptions['intents']>();
  });

  test('events are names of dispatches, or others in upper case', () => {
    expectTypeOf<['MESSAGE_CREATE', 'UNHEARD_OF']>().toExtend<NonNullable<ShardOptions['events']>>();
    expectTypeOf<['messageCreate']>().not.toExtend<NonNullable<ShardOptions['events']>>();
  });
});

describe('listeners', () => {
  test('a dispatch by its name has the data discord-api-types says', () => {
    shard.on('MESSAGE_CREATE', (message) => {
      expectTypeOf(message).toEqualTypeOf<GatewayMessageCreateDispatchData>();
      expectTypeOf(message.content).toEqualTypeOf<string>();
    });
    shard.once('GUILD_MEMBERS_CHUNK', (chunk) =>
      expectTypeOf(chunk).toEqualTypeOf<GatewayGuildMembersChunkDispatchData>(),
    );
    shard.on('READY', (data) => expectTypeOf(data).toEqualTypeOf<GatewayReadyDispatchData>());
  });

  test('an unknown event name is an error, and so is a listener of the wrong data', () => {
    // @ts-expect-error a misspelt name
    shard.on('MESSAGE_CREATED', () => {});
    // @ts-expect-error names are upper case
    shard.on('message_create', () => {});
    // @ts-expect-error a message is no string
    shard.on('MESSAGE_CREATE', (message: string) => message);
  });

  test('the events of its own life are typed', () => {
    shard.on('ready', (data) => expectTypeOf(data).toEqualTypeOf<GatewayReadyDispatchData>());
    shard.on('resumed', ({ replayed }) => expectTypeOf(replayed).toEqualTypeOf<number>());
    shard.on('dispatch', (payload) => expectTypeOf(payload).toEqualTypeOf<GatewayDispatchPayload>());
    shard.on('raw', (text) => expectTypeOf(text).toEqualTypeOf<string>());
    shard.on('heartbeat', ({ latency }) => expectTypeOf(latency).toEqualTypeOf<number>());
    shard.on('transition', (record) => expectTypeOf(record).toEqualTypeOf<TransitionRecord>());
    shard.on('disconnected', ({ code, decision }) => {
      expectTypeOf(code).toEqualTypeOf<number | null>();
      expectTypeOf(decision).toEqualTypeOf<Decision | null>();
    });
    shard.on('malformed', (report) => expectTypeOf(report).toEqualTypeOf<Malformed>());
    shard.on('fatal', (error) => expectTypeOf(error).toEqualTypeOf<FatalShardError>());
    shard.on('debug', (line) => expectTypeOf(line).toEqualTypeOf<string>());
  });

  test('a dispatch narrows by its name', () => {
    shard.on('dispatch', (payload) => {
      if (payload.t === 'MESSAGE_CREATE') expectTypeOf(payload.d).toEqualTypeOf<GatewayMessageCreateDispatchData>();
    });
  });

  test('on, once and off chain, and a listener may be asynchronous', () => {
    expectTypeOf(
      shard
        .on('debug', () => {})
        .once('raw', async () => {})
        .off('raw', () => {}),
    ).toEqualTypeOf<Shard>();
  });
});

describe('requests', () => {
  const everyone = { guild_id: '1', query: '', limit: 0 };
  const join = { guild_id: '1', channel_id: '5', self_mute: false, self_deaf: false };

  test('members come whole, or chunk by chunk', async () => {
    const { members, notFound } = await shard.requestGuildMembers(everyone, { timeout: 1_000 });
    expectTypeOf(members).toEqualTypeOf<APIGuildMember[]>();
    expectTypeOf(notFound).toEqualTypeOf<unknown[]>();
    for await (const chunk of shard.requestGuildMembersIterator({ guild_id: '1', user_ids: ['7'] })) {
      expectTypeOf(chunk).toEqualTypeOf<GatewayGuildMembersChunkDispatchData>();
    }
  });

  test('a request that Discord would refuse is an error', () => {
    // @ts-expect-error neither query nor user_ids
    void shard.requestGuildMembers({ guild_id: '1' });
    // @ts-expect-error a query needs its limit
    void shard.requestGuildMembers({ guild_id: '1', query: '' });
    // @ts-expect-error self_mute is missing
    void shard.updateVoiceState({ guild_id: '1', channel_id: null });
    // @ts-expect-error a list of ids
    void shard.requestSoundboardSounds('1');
    // @ts-expect-error no fields
    void shard.requestChannelInfo({ guild_id: '1' });
    // @ts-expect-error a policy there is not
    shard.events({ overflow: 'drop-newest' });
  });

  test('a voice server is there where it was asked for', async () => {
    const { state, server } = await shard.updateVoiceState(join);
    expectTypeOf(state).toEqualTypeOf<GatewayVoiceStateUpdateDispatchData>();
    expectTypeOf(server).toEqualTypeOf<null>();
    const asked = await shard.updateVoiceState(join, { server: true });
    expectTypeOf(asked.server).toEqualTypeOf<GatewayVoiceServerUpdateDispatchData>();
    const maybe = await shard.updateVoiceState(join, { server: Math.random() < 0.5 });
    expectTypeOf(maybe.server).toEqualTypeOf<GatewayVoiceServerUpdateDispatchData | null>();
  });

  test('sounds come by guild, and channel info as Discord says it', async () => {
    expectTypeOf(await shard.requestSoundboardSounds(['1'])).toEqualTypeOf<ReadonlyMap<string, APISoundboardSound[]>>();
    const info = await shard.requestChannelInfo({ guild_id: '1', fields: ['status'] });
    expectTypeOf(info).toEqualTypeOf<GatewayChannelInfoDispatchData>();
  });

  test('events are dispatches, which narrow by their name', async () => {
    expectTypeOf(shard.events({ buffer: 5, overflow: 'drop-oldest' })).toEqualTypeOf<EventStream>();
    expectTypeOf(shard.events().dropped).toEqualTypeOf<number>();
    for await (const event of shard.events()) {
      expectTypeOf(event).toEqualTypeOf<GatewayDispatchPayload>();
      if (event.t === 'MESSAGE_CREATE') expectTypeOf(event.d).toEqualTypeOf<GatewayMessageCreateDispatchData>();
    }
  });
});

describe('the options', () => {
  test('token and intents are all it takes', () => {
    expectTypeOf(createShard).toBeCallableWith({ token: 'fake', intents: 0 });
    expectTypeOf(createShard).returns.toEqualTypeOf<Shard>();
  });

  test('options without token or intents are an error', () => {
    // @ts-expect-error no token
    createShard({ intents: 0 });
    // @ts-expect-error no intents
    createShard({ token: 'fake' });
    // @ts-expect-error nothing at all
    createShard();
  });

  test('an unknown option, or a value that an option does not take, is an error', () => {
    // @ts-expect-error an unknown compression
    createShard({ token: 'fake', intents: 0, compression: 'gzip' });
    // @ts-expect-error ETF is not supported
    createShard({ token: 'fake', intents: 0, encoding: 'etf' });
    // @ts-expect-error a misspelt option
    createShard({ token: 'fake', intents: 0, autoreconnect: false });
    // @ts-expect-error a timeout is a number of milliseconds
    createShard({ token: 'fake', intents: 0, timeouts: { hello: '15s' } });
    // @ts-expect-error a session needs its resume URL
    createShard({ token: 'fake', intents: 0, session: { id: 'a', sequence: 1 } });
  });

  test('a SessionStore, a limiter, a logger and a url function may be synchronous or asynchronous', () => {
    expectTypeOf<{ get: () => null; set: () => void; delete: () => Promise<void> }>().toExtend<SessionStore>();
    expectTypeOf<keyof SessionStore>().toEqualTypeOf<
      'get' | 'set' | 'delete' | 'setTotal' | 'sequenceInterval' | 'getIdentifies' | 'setIdentifies'
    >();
    expectTypeOf<keyof IdentifyLimiter>().toEqualTypeOf<'acquire'>();
    expectTypeOf<Console>().toExtend<NonNullable<ShardOptions['logger']>>();
    expectTypeOf<() => Promise<string>>().toExtend<NonNullable<ShardOptions['url']>>();
  });
});

describe('the shapes a user writes down and reads back', () => {
  test('a Session has an id, a sequence and a resume URL', () => {
    expectTypeOf<Session>().toEqualTypeOf<{
      readonly id: string;
      readonly sequence: number;
      readonly resumeUrl: string | null;
    }>();
  });

  test('a Decision has action, code, reason, attempt and delay', () => {
    expectTypeOf<Action>().toEqualTypeOf<'resume' | 'identify' | 'fatal' | 'close'>();
    expectTypeOf<Decision>().toEqualTypeOf<{
      readonly action: Action;
      readonly code: number | null;
      readonly reason: string;
      readonly attempt: number;
      readonly delay: number;
    }>();
  });

  test('a TransitionRecord has two lifecycle states, the event, the decision and the session', () => {
    expectTypeOf<keyof TransitionRecord>().toEqualTypeOf<
      'at' | 'shardId' | 'from' | 'to' | 'event' | 'decision' | 'session'
    >();
    expectTypeOf<TransitionRecord['from']>().toEqualTypeOf<Lifecycle>();
    expectTypeOf<TransitionRecord['event']['type']>().toEqualTypeOf<string>();
    expectTypeOf<TransitionRecord['decision']>().toEqualTypeOf<Decision | null>();
    expectTypeOf<TransitionRecord['session']>().toEqualTypeOf<{
      readonly id: string;
      readonly sequence: number;
    } | null>();
  });
});

describe('the shard', () => {
  test('state is one of six names', () => {
    expectTypeOf<Lifecycle>().toEqualTypeOf<
      'Offline' | 'Connecting' | 'Identifying' | 'Resuming' | 'Connected' | 'Disconnected'
    >();
    expectTypeOf(shard.state).toEqualTypeOf<Lifecycle>();
    expectTypeOf(shard.session).toEqualTypeOf<Session | null>();
    expectTypeOf(shard.sequence).toEqualTypeOf<number | null>();
    expectTypeOf(shard.latency).toEqualTypeOf<number | null>();
  });

  test('commands are promises; those for signal handlers are not', () => {
    expectTypeOf(shard.connect).returns.toEqualTypeOf<Promise<void>>();
    expectTypeOf(shard.shutdown).returns.toEqualTypeOf<Promise<void>>();
    expectTypeOf(shard.disconnect).returns.toEqualTypeOf<void>();
    expectTypeOf(shard.forceClose).returns.toEqualTypeOf<void>();
    expectTypeOf(shard).toExtend<AsyncDisposable>();
  });

  test('every kind of error has a name to switch on', () => {
    expectTypeOf<FatalShardError['code']>().toEqualTypeOf<ShardErrorCode>();
    expectTypeOf<FatalShardError['closeCode']>().toEqualTypeOf<number | null>();
  });
});

import type { Gateway } from '@discordjs/core';
import type { ClientOptions } from 'discord.js';
import type * as ws1 from 'discordjs-ws-1';
import type * as ws2 from 'discordjs-ws-2';
import { expectTypeOf, test } from 'vitest';
import { shardchartGateway, shardchartStrategy, type ShardchartStrategyOptions } from '../../src/discordjs/index.js';

const ws = { buildStrategy: shardchartStrategy() };

test('the strategy is one of discord.js 14 and of @discordjs/ws 1 and 2', () => {
  expectTypeOf(ws).toExtend<NonNullable<ClientOptions['ws']>>();
  expectTypeOf(ws).toExtend<Pick<Partial<ws1.CreateWebSocketManagerOptions>, 'buildStrategy'>>();
  expectTypeOf(ws).toExtend<Pick<Partial<ws2.CreateWebSocketManagerOptions>, 'buildStrategy'>>();
});

test('a manager behind shardchartGateway is a Gateway of @discordjs/core', () => {
  expectTypeOf(shardchartGateway).returns.toExtend<Gateway>();
});

test('a session store is no option of the strategy', () => {
  expectTypeOf<ShardchartStrategyOptions>().not.toHaveProperty('sessionStore');
});

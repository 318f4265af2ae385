import { createShard as create } from 'shardchart';

export * from 'shardchart';

export const createShard = (options) => create({ url: process.env.EXAMPLE_GATEWAY, ...options });

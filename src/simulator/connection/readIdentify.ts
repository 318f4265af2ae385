import { isRecord, isWhole } from '../../util/predicates.js';
import type { ResolvedOptions } from '../resolveOptions.js';
import type { Rule } from '../records/records.js';
import { presenceFlaw } from './presenceFlaw.js';

/** Shard and intents that a correct IDENTIFY asks for. */
export interface Identity {
  readonly shardId: number;
  readonly total: number;
  readonly intents: number;
  readonly compress: boolean;
}

/** Broken rule, and the code the gateway closes with. */
export interface Refusal {
  readonly rule: Rule;
  readonly code: number;
  readonly detail: string;
}

type IdentifyOptions = Pick<
  ResolvedOptions,
  'acceptsToken' | 'allowedIntents' | 'disallowedIntents' | 'requireSharding'
>;

/**
 * Reads the `d` of an IDENTIFY and checks it in the gateway's order.
 *
 * See [Discord Docs/Identify](https://docs.discord.com/developers/events/gateway-events#identify).
 */
export function readIdentify(d: unknown, options: IdentifyOptions): { identity: Identity } | { refusal: Refusal } {
  if (!isRecord(d)) return refuse('decode error', 4002, 'the d of IDENTIFY is not an object');
  if (!options.acceptsToken(d['token'])) return refuse('authentication failed', 4004, 'IDENTIFY has a wrong token');
  if (!isRecord(d['properties'])) return refuse('decode error', 4002, 'IDENTIFY has no properties');
  const { large_threshold: largeThreshold = 50, compress = false, presence = null } = d;
  if (!isWhole(largeThreshold) || largeThreshold < 50 || largeThreshold > 250) {
    return refuse('decode error', 4002, 'large_threshold is not a whole number from 50 to 250');
  }
  if (typeof compress !== 'boolean') return refuse('decode error', 4002, 'compress is not true or false');
  const flaw = presence === null ? null : presenceFlaw(presence);
  if (flaw !== null) return refuse('decode error', 4002, flaw);

  const { shard = [0, 1], intents } = d;
  const [shardId, total] = Array.isArray(shard) && shard.length === 2 ? (shard as unknown[]) : [];
  if (!isWhole(shardId) || !isWhole(total) || shardId >= total) {
    return refuse('invalid shard', 4010, 'shard is not [id, total] with an id below the total');
  }
  if (options.requireSharding && total === 1)
    return refuse('sharding required', 4011, 'the bot must use more than one shard');
  if (!isWhole(intents) || hasBitsBeyond(intents, options.allowedIntents)) {
    return refuse('invalid intents', 4013, 'intents is not a sum of known bits');
  }
  if (sharesBits(intents, options.disallowedIntents)) {
    return refuse('disallowed intents', 4014, 'intents has a bit that the bot was not granted');
  }
  return { identity: { shardId, total, intents, compress } };
}

/** BigInt, because `&` on numbers would cut off intents beyond 32 bits. */
function sharesBits(a: number, b: number): boolean {
  return (BigInt(a) & BigInt(b)) !== 0n;
}

function hasBitsBeyond(bits: number, allowed: number): boolean {
  return (BigInt(bits) & ~BigInt(allowed)) !== 0n;
}

function refuse(rule: Rule, code: number, detail: string): { refusal: Refusal } {
  return { refusal: { rule, code, detail } };
}

import { isRecord, isWhole } from '../../util/predicates.js';
import type { Rule } from '../records/records.js';

/** Who a correct IDENTIFY makes of a connection. */
export interface Identity {
  readonly shardId: number;
  readonly total: number;
  readonly intents: number;
  readonly compress: boolean;
}

/** A rule that was broken, and how the gateway closes for it. */
export interface Refusal {
  readonly rule: Rule;
  readonly code: number;
  readonly detail: string;
}

export interface IdentitySettings {
  readonly acceptsToken: (token: unknown) => boolean;
  readonly allowedIntents: number;
  readonly disallowedIntents: number;
  readonly requireSharding: boolean;
}

/**
 * Reads the `d` of an IDENTIFY.
 *
 * See [Discord Docs/Identify](https://docs.discord.com/developers/events/gateway-events#identify).
 */
export function readIdentify(d: unknown, settings: IdentitySettings): { identity: Identity } | { refusal: Refusal } {
  if (!isRecord(d)) return refuse('decode error', 4002, 'IDENTIFY without an object as d');
  if (!settings.acceptsToken(d['token'])) return refuse('authentication failed', 4004, 'IDENTIFY with a wrong token');
  if (!isRecord(d['properties'])) return refuse('decode error', 4002, 'IDENTIFY without properties');
  const { large_threshold: largeThreshold = 50, compress = false, presence = null } = d;
  if (!isWhole(largeThreshold) || largeThreshold < 50 || largeThreshold > 250) {
    return refuse('decode error', 4002, 'large_threshold is not from 50 to 250');
  }
  if (typeof compress !== 'boolean') return refuse('decode error', 4002, 'compress is not true or false');
  if (presence !== null && !isRecord(presence)) return refuse('decode error', 4002, 'presence is not an object');

  const { shard = [0, 1], intents } = d;
  const [shardId, total] = Array.isArray(shard) && shard.length === 2 ? (shard as unknown[]) : [];
  if (!isWhole(shardId) || !isWhole(total) || shardId >= total) {
    return refuse('invalid shard', 4010, 'shard is not [id, total] with an id below the total');
  }
  if (settings.requireSharding && total === 1) return refuse('sharding required', 4011, 'a total of 1 is not enough');
  if (!isWhole(intents) || hasBitsBeyond(intents, settings.allowedIntents)) {
    return refuse('invalid intents', 4013, 'intents are not a sum of known bits');
  }
  if (sharesBits(intents, settings.disallowedIntents)) {
    return refuse('disallowed intents', 4014, 'the bot was not granted one of the intents');
  }
  return { identity: { shardId, total, intents, compress } };
}

/** Intents may have more than 32 bits, which `&` would cut off. */
function sharesBits(a: number, b: number): boolean {
  return (BigInt(a) & BigInt(b)) !== 0n;
}

function hasBitsBeyond(bits: number, allowed: number): boolean {
  return (BigInt(bits) & ~BigInt(allowed)) !== 0n;
}

function refuse(rule: Rule, code: number, detail: string): { refusal: Refusal } {
  return { refusal: { rule, code, detail } };
}

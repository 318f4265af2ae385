import {
  attachInspector,
  type Inspector,
  InspectorError,
  type InspectedGroup,
  type InspectedShard,
} from '../inspector/index.js';
import { UsageError } from './exitCode.js';

/** `--inspect [port]`, as the command line has it. */
export interface InspectChoice {
  readonly inspect?: number | true;
}

/**
 * Opens the inspector of `--inspect`; null without the option.
 * @throws UsageError where it cannot listen on that port.
 */
export async function openInspector(
  { inspect }: InspectChoice,
  shards: InspectedGroup,
  { token, warn }: { readonly token: string | null; readonly warn: (message: string) => void },
): Promise<Inspector | null> {
  if (inspect === undefined) return null;
  const inspector = attachInspector(shards, {
    port: inspect === true ? 0 : inspect,
    // Discord's tokens are longer; masking a short text would garble the inspector's output.
    secrets: token === null || token.length < 8 ? [] : [token],
    // An error that keeps it from opening is thrown below.
    logger: { debug: quiet, info: quiet, warn, error: quiet },
  });
  try {
    await inspector.ready;
  } catch (error) {
    if (error instanceof InspectorError) throw new UsageError(error.message);
    throw error;
  }
  return inspector;
}

const quiet = () => {};

/** A group of shards, added one by one, for an inspector. */
export class GrowingGroup implements InspectedGroup {
  readonly shards = new Map<number, InspectedShard>();
  readonly #listeners = new Set<(shard: InspectedShard) => void>();

  get ids(): readonly number[] {
    return [...this.shards.keys()];
  }

  add(shard: InspectedShard): void {
    this.shards.set(shard.id, shard);
    for (const listener of this.#listeners) listener(shard);
  }

  on(_name: 'shard', listener: (shard: InspectedShard) => void): void {
    this.#listeners.add(listener);
  }

  off(_name: 'shard', listener: (shard: InspectedShard) => void): void {
    this.#listeners.delete(listener);
  }
}

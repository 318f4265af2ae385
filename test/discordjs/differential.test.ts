import { describe, expect, test } from 'vitest';
import { play, type Recording, type Version } from './play.js';
import { stories } from './stories.js';

const versions: readonly Version[] = ['@discordjs/ws 1', '@discordjs/ws 2', 'discord.js 14'];

/** The shapes of the events of one; of a heartbeat, which comes at a random time, where the other has one too. */
const shapesOf = ({ shapes }: Recording, { shapes: others }: Recording) =>
  Object.fromEntries([...shapes].filter(([name]) => name !== 'heartbeat' || others.has(name)));

describe.each(versions)('%s emits over shardchart what it emits alone, or a named bug less', (version) => {
  test.concurrent.each(Object.entries(stories))('%s', async (_name, story) => {
    const [own, ours] = await Promise.all([play(version, 'own', story), play(version, 'ours', story)]);
    const { because, ours: expected } = story.differs ?? { ours: (events: string) => events };
    if (expected instanceof RegExp) {
      expect(ours.events, because).toMatch(expected);
      expect(own.events, `theirs no longer differs: ${because}`).not.toMatch(expected);
    } else {
      expect(ours.events, because).toBe(expected(own.events));
    }
    if (because === undefined) expect(shapesOf(ours, own)).toEqual(shapesOf(own, ours));
    expect(ours.violations).toEqual([]);
  });
});

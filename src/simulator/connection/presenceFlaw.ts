import { isRecord } from '../../util/predicates.js';

/** Characters that the name of an activity may have. */
const MAX_NAME_LENGTH = 128;

/**
 * Returns what makes the gateway close the connection with 4002 for a presence; null for one that it takes. Fields may be left
 * out.
 *
 * See [Discord Docs/Update Presence](https://docs.discord.com/developers/events/gateway-events#update-presence).
 */
export function presenceFlaw(presence: unknown): string | null {
  if (!isRecord(presence)) return 'presence is not an object';
  const { since, activities } = presence;
  if (!isLeftOut(since) && !Number.isInteger(since)) return 'since of the presence is neither an integer nor null';
  if (isLeftOut(activities)) return null;
  if (!Array.isArray(activities)) return 'activities of the presence is not an array';
  return activities.map(activityFlaw).find((flaw) => flaw !== null) ?? null;
}

function activityFlaw(activity: unknown): string | null {
  const name = isRecord(activity) ? activity['name'] : undefined;
  if (typeof name !== 'string' || name === '') return 'an activity of the presence has no name';
  const { length } = Array.from(name);
  return length > MAX_NAME_LENGTH
    ? `the name of an activity has ${length} characters, at most ${MAX_NAME_LENGTH} are allowed`
    : null;
}

const isLeftOut = (value: unknown) => value === undefined || value === null;

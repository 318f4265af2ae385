/** Makes plain JSON of a value, without what nobody must see. */
export type Scrub = (value: unknown) => unknown;

const SECRET_KEY = /token|secret|passw|authorization|cookie|credential|api_?key/i;

/** What an actor is given and gives back: anything may be in there, and no chart shows it. */
const OMITTED_KEYS: ReadonlySet<string> = new Set(['input', 'output', 'data']);

const SESSION_ID_KEYS: ReadonlySet<string> = new Set(['session_id', 'sessionId']);
const RESUME_URL_KEYS: ReadonlySet<string> = new Set(['resumeUrl', 'resume_url', 'resume_gateway_url']);

/** A bot token: the id, the time and the signature, in base 64. */
const TOKEN = /[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}/g;

/** Discord's session ids. */
const SESSION_ID = /\b[0-9a-f]{32}\b/g;
const GATEWAY_URL = /\b(wss?):\/\/[^\s"'<>]+/g;

const MAX_TEXT_LENGTH = 10_000;
const MAX_DEPTH = 40;

/** A message is for people: beyond that many values nobody reads it, and it must not take long. */
const MAX_VALUES = 20_000;
const MAX_ITEMS = 1_000;

/**
 * Takes secrets out of a value by the names of keys, by what tokens look like, and by the given texts. Session ids and
 * resume URLs are shortened. What it returns holds no function, no class and no circle.
 */
export function createScrub(secrets: readonly string[]): Scrub {
  const text = textScrub(secrets);
  return (value) => new Scrubbing(text).plain(value, '', 0);
}

/** Takes secrets out of a text. One that is too long to be looked through is left out. */
function textScrub(secrets: readonly string[]): (text: string) => string {
  // One that holds another goes first, or its rest would stay.
  const sorted = secrets.toSorted((one, other) => other.length - one.length);
  return (text) => {
    if (text.length > MAX_TEXT_LENGTH) return `[a text of ${text.length} characters]`;
    let clean = text;
    for (const secret of sorted) clean = clean.replaceAll(secret, '[redacted]');
    return clean.replaceAll(TOKEN, '[redacted]').replaceAll(SESSION_ID, shortened).replaceAll(GATEWAY_URL, '$1://…');
  };
}

const SHOWN_LENGTH = 4;

/** At most a quarter of it, and what is short already stays so. */
function shortened(id: string): string {
  if (id.length <= SHOWN_LENGTH + 1 && id.endsWith('…')) return id;
  return `${id.slice(0, Math.min(SHOWN_LENGTH, Math.floor(id.length / SHOWN_LENGTH)))}…`;
}

class Scrubbing {
  readonly #text: (text: string) => string;
  readonly #above = new Set<object>();
  #values = 0;

  constructor(text: (text: string) => string) {
    this.#text = text;
  }

  plain(given: unknown, key: string, depth: number): unknown {
    this.#values += 1;
    if (this.#values > MAX_VALUES || depth > MAX_DEPTH) return '[cut]';
    const value = hasToJson(given) && !isSpecial(given) ? given.toJSON(key) : given;
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'bigint':
      case 'symbol':
        return this.#text(String(value));
      case 'function':
        return { type: this.#text(value.name) };
      case 'object':
        return value === null ? null : this.#plainObject(value, depth);
      default:
        return value;
    }
  }

  #plainObject(value: object, depth: number): unknown {
    if (this.#above.has(value)) return '[circular]';
    // Its message may quote anything.
    if (value instanceof Error) return { name: this.#text(value.name) };
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    this.#above.add(value);
    const plain = Array.isArray(value)
      ? value.slice(0, MAX_ITEMS).map((item) => this.plain(item, '', depth + 1))
      : Object.fromEntries(
          Object.entries(value)
            .slice(0, MAX_ITEMS)
            .map(([key, item]) => [this.#text(key), this.#property(value, key, item, depth)]),
        );
    this.#above.delete(value);
    return plain;
  }

  #property(holder: object, key: string, value: unknown, depth: number): unknown {
    if (value === undefined || value === null) return value;
    if (SECRET_KEY.test(key)) return '[redacted]';
    if (OMITTED_KEYS.has(key)) return '[omitted]';
    if (RESUME_URL_KEYS.has(key)) return 'wss://…';
    const isSessionId = SESSION_ID_KEYS.has(key) || (key === 'id' && isSession(holder));
    if (isSessionId) return typeof value === 'string' ? shortened(value) : '[redacted]';
    return this.plain(value, key, depth + 1);
  }
}

/** What is shown in a way of its own. */
const isSpecial = (value: object) => value instanceof Error || ArrayBuffer.isView(value);

const isSession = (holder: object) => [...RESUME_URL_KEYS].some((key) => key in holder);

const hasToJson = (value: unknown): value is { toJSON(key: string): unknown } =>
  typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function';

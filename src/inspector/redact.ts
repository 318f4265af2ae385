/** Converts a value into plain JSON without secrets. */
export type Redact = (value: unknown) => unknown;

const SECRET_KEY = /token|secret|passw|authorization|cookie|credential|api_?key/i;

/** Inputs and outputs of actors: they may hold anything, and no chart shows them. */
const OMITTED_KEYS: ReadonlySet<string> = new Set(['input', 'output', 'data']);

const SESSION_ID_KEYS: ReadonlySet<string> = new Set(['session_id', 'sessionId']);
const RESUME_URL_KEYS: ReadonlySet<string> = new Set(['resumeUrl', 'resume_url', 'resume_gateway_url']);

/** Bot token: id, time and signature in base 64. */
const TOKEN = /[\w-]{23,30}\.[\w-]{6,7}\.[\w-]{27,}/g;

/** Discord session id. */
const SESSION_ID = /\b[0-9a-f]{32}\b/g;
const GATEWAY_URL = /\b(wss?):\/\/[^\s"'<>]+/g;

const MAX_TEXT_LENGTH = 10_000;
const MAX_DEPTH = 40;

/** Most values in a message: people read no more, and the conversion must stay short. */
const MAX_VALUES = 20_000;
const MAX_ITEMS = 1_000;

/**
 * Returns a function that removes secrets by key names, by the shape of tokens, and by the given texts, and shortens session
 * ids and resume URLs. The result holds no function, no class instance and no circular reference.
 */
export function createRedactor(secrets: readonly string[]): Redact {
  const text = textRedactor(secrets);
  return (value) => new Redaction(text).plain(value, '', 0);
}

/** Returns a function that removes secrets from a text. A text that is too long to search is replaced whole. */
function textRedactor(secrets: readonly string[]): (text: string) => string {
  // The longest secret comes first: a shorter one inside it would leave the rest of it.
  const sorted = secrets.toSorted((one, other) => other.length - one.length);
  return (text) => {
    if (text.length > MAX_TEXT_LENGTH) return `[a text of ${text.length} characters]`;
    let clean = text;
    for (const secret of sorted) clean = clean.replaceAll(secret, '[redacted]');
    return clean.replaceAll(TOKEN, '[redacted]').replaceAll(SESSION_ID, shortened).replaceAll(GATEWAY_URL, '$1://…');
  };
}

const SHOWN_LENGTH = 4;

/** Keeps at most a quarter of a session id. An id that is already shortened stays as it is. */
function shortened(id: string): string {
  if (id.length <= SHOWN_LENGTH + 1 && id.endsWith('…')) return id;
  return `${id.slice(0, Math.min(SHOWN_LENGTH, Math.floor(id.length / SHOWN_LENGTH)))}…`;
}

class Redaction {
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
    // An error's message may quote anything.
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

/** True for values that are shown without their properties. */
const isSpecial = (value: object) => value instanceof Error || ArrayBuffer.isView(value);

const isSession = (holder: object) => [...RESUME_URL_KEYS].some((key) => key in holder);

const hasToJson = (value: unknown): value is { toJSON(key: string): unknown } =>
  typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON === 'function';

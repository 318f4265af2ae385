import { inspect } from 'node:util';
import { didYouMean } from './didYouMean.js';
import { ShardError } from './errors.js';
import { isRecord, isWhole } from './predicates.js';

/**
 * Refuses an option: the error names it, shows what was passed (objects to `depth`) and says what is taken.
 * @throws ShardError `INVALID_OPTION`
 */
export function refuse(name: string, value: unknown, taken: string, depth = 1): never {
  const shown = inspect(value, { depth, breakLength: Infinity, maxStringLength: 100 });
  throw new ShardError('INVALID_OPTION', `\`${name}\` must be ${taken}; got ${shown}.`, { value });
}

export interface WholeBounds {
  readonly min?: number;
  readonly max?: number;
  /** The number's purpose, for the error: "how many payloads may wait". */
  readonly meaning?: string;
}

/** @throws ShardError `INVALID_OPTION` unless the value is a whole number within the bounds. */
export function whole(name: string, value: unknown, { min = 0, max, meaning }: WholeBounds = {}): void {
  if (isWhole(value, min, max)) return;
  const range = max === undefined ? `from ${min}` : `from ${min} to ${max}`;
  refuse(name, value, `a whole number ${range}${meaning === undefined ? '' : `, ${meaning}`}`);
}

/** @throws ShardError `INVALID_OPTION` unless the options are an object; `example` shows one in the error. */
export function checkObject(name: string, value: unknown, example: string): void {
  if (!isRecord(value)) refuse(name, value, `an object such as ${example}`, 0);
}

/**
 * Refuses options by names that do not exist: they would be ignored without a word. `of` says whose options they are, such
 * as `createShard`; values are not shown.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkNames(of: string, options: object | undefined, known: readonly string[]): void {
  const unknown = Object.keys(options ?? {}).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const names = known.map((name) => `\`${name}\``).join(', ');
  throw new ShardError(
    'INVALID_OPTION',
    `${of} has no option \`${unknown}\`.${didYouMean(unknown, known)} Its options are ${names}.`,
    { value: unknown },
  );
}

/** Names of a type's properties. It compiles only while it lists all of them: `namesOf<Options>()({ port: true })`. */
export const namesOf =
  <T extends object>() =>
  (names: { readonly [Name in T extends unknown ? keyof T : never]-?: true }): readonly string[] =>
    Object.keys(names);

/** @throws ShardError `INVALID_OPTION` unless the value is left out, true or false. */
export function checkFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') refuse(name, value, 'true or false');
}

/**
 * Checks an object that the user implements. A missing method is refused at once, not when it is first called.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkMethods(name: string, value: unknown, methods: readonly string[], depth = 1): void {
  if (value === undefined) return;
  const missing = methods.filter((method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function');
  if (missing.length > 0) refuse(name, value, `an object with the methods ${methods.join(', ')}`, depth);
}

/**
 * Checks a bot's token. The error never shows it, not even a wrong one.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkToken(token: unknown): void {
  const problem =
    typeof token !== 'string' || token.trim() === ''
      ? 'is missing: copy it from the Bot page of the Developer Portal'
      : /^Bot\s/i.test(token)
        ? 'must not begin with "Bot ": pass the token alone'
        : /^(['"]).*\1$/.test(token)
          ? 'has quotation marks around it, which belong to the file it was read from: remove them'
          : /[^\u0021-\u007E]/.test(token)
            ? 'contains white space or characters that no token has: copy it again'
            : null;
  if (problem !== null) throw new ShardError('INVALID_OPTION', `\`token\` ${problem}.`);
}

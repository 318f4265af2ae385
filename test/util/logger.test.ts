import { afterEach, describe, expect, test, vi } from 'vitest';
import { GuardedLogger, type Logger } from '../../src/util/logger.js';
import { redactor } from '../../src/util/redactor.js';

const TOKEN = 'obviously-fake-token';
const levels = ['debug', 'info', 'warn', 'error'] as const satisfies (keyof Logger)[];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the logger', () => {
  test.each(levels)('%s: the line begins with the name and never has the token', (level) => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    new GuardedLogger('shard 7', { logger, token: TOKEN })[level](`refused ${TOKEN} and ${TOKEN}`);
    expect(logger[level]).toHaveBeenCalledExactlyOnceWith('shard 7: refused [redacted] and [redacted]');
  });

  test.each(levels)(
    '%s: a logger that throws disturbs nothing, and its error is a warning without the token',
    (level) => {
      const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const fail = () => {
        throw new Error(`cannot log ${TOKEN}`);
      };
      const logger = { debug: fail, info: fail, warn: fail, error: fail };
      expect(() => new GuardedLogger('shard 0', { logger, token: TOKEN })[level]('hello')).not.toThrow();
      expect(warned).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('[redacted]'), 'ShardchartWarning');
      expect(JSON.stringify(warned.mock.calls)).not.toContain(TOKEN);
    },
  );

  test('its methods keep their `this`', () => {
    class Counting implements Logger {
      lines = 0;
      debug = (): void => {};
      info(): void {
        this.lines += 1;
      }
      warn(): void {}
      error(): void {}
    }
    const logger = new Counting();
    new GuardedLogger('shard 0', { logger, token: TOKEN }).info('hello');
    expect(logger.lines).toBe(1);
  });

  test('without a logger only errors are written, as warnings of the process', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const logger = new GuardedLogger('shard 0', { token: TOKEN });
    for (const level of levels) logger[level](`${level} ${TOKEN}`);
    expect(warned.mock.calls.map(([message]) => message)).toEqual(['shard 0: error [redacted]']);
  });

  test('of winston’s kind gets the text with the name, and the fields after it, without the token', () => {
    const lines: unknown[][] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    const logger = {
      child: () => {},
      levels: { error: 0 },
      transports: [],
      debug: log,
      info: log,
      warn: log,
      error: log,
    };
    const guarded = new GuardedLogger('shard 7', { logger, token: TOKEN, fields: { shard: 7 } });
    guarded.info(`with ${TOKEN}`, { event: `READY ${TOKEN}`, code: null });
    guarded.failure('it failed', new TypeError('no'));
    expect(lines).toEqual([
      ['shard 7: with [redacted]', { shard: 7, event: 'READY [redacted]', code: null }],
      [
        'shard 7: it failed',
        { shard: 7, err: expect.objectContaining({ type: 'TypeError', message: 'no' }) as object },
      ],
    ]);
  });

  test('a token with characters of a pattern is redacted as it is', () => {
    expect(redactor('some.odd.token.a.b$&c')('say some.odd.token.a.b$&c, not axb')).toBe('say [redacted], not axb');
  });
});

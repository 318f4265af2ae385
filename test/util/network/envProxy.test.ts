import { describe, expect, test } from 'vitest';
import { checkEnvProxies, envProxy } from '../../../src/util/network/envProxy.js';

const GATEWAY = 'wss://gateway.discord.gg/?v=10';

describe('the proxy of the environment', () => {
  test.each([
    [{ HTTPS_PROXY: 'http://a:1' }, GATEWAY, 'http://a:1/'],
    [{ https_proxy: 'http://b:1', HTTPS_PROXY: 'http://a:1' }, GATEWAY, 'http://b:1/'],
    [{ HTTP_PROXY: 'http://a:1' }, GATEWAY, null],
    [{ HTTP_PROXY: 'http://a:1' }, 'ws://host', 'http://a:1/'],
    [{ ALL_PROXY: 'http://a:1' }, 'https://discord.com', 'http://a:1/'],
    [{ HTTPS_PROXY: 'proxy.example:3128' }, GATEWAY, 'http://proxy.example:3128/'],
    [{ HTTPS_PROXY: '' }, GATEWAY, null],
    [{}, GATEWAY, null],
  ])('%j for %s: %s', (env, url, proxy) => expect(envProxy(url, env)?.href ?? null).toBe(proxy));
});

describe('a variable that names no proxy', () => {
  test.each(['http://secret host', 'http://host:port', 'http://user:50%@host:1', 'a b'])(
    '%s is refused by its name, without its value',
    (value) => {
      const refusal = { code: 'INVALID_OPTION', value: 'HTTPS_PROXY' };
      expect(() => envProxy(GATEWAY, { HTTPS_PROXY: value })).toThrow(expect.objectContaining(refusal) as Error);
      expect(() => checkEnvProxies({ HTTPS_PROXY: value })).toThrow(
        expect.objectContaining({ ...refusal, message: expect.not.stringContaining(value) as unknown }) as Error,
      );
    },
  );

  test('a percent-encoded password is taken', () => {
    expect(() => checkEnvProxies({ http_proxy: 'http://user:50%25@host:1' })).not.toThrow();
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['*', GATEWAY],
    ['discord.gg', GATEWAY],
    ['.discord.gg', GATEWAY],
    ['*.discord.gg', GATEWAY],
    ['a.example gateway.discord.gg', GATEWAY],
    ['gateway.discord.gg:443', GATEWAY],
    ['10.0.0.7', 'wss://10.0.0.7:8080'],
    ['10.0.0.7:8080', 'wss://10.0.0.7:8080'],
    ['[::1]', 'wss://[::1]:8080'],
    ['::1', 'wss://[::1]:8080'],
  ])('%s for %s: no proxy', (list, url) => {
    expect(envProxy(url, { HTTPS_PROXY: 'http://a:1', NO_PROXY: list })).toBeNull();
  });

  test.each([
    ['cord.gg', GATEWAY],
    ['gateway.discord.gg:80', GATEWAY],
    ['discord.com', GATEWAY],
    ['', GATEWAY],
  ])('%s for %s: the proxy', (list, url) => {
    expect(envProxy(url, { HTTPS_PROXY: 'http://a:1', NO_PROXY: list })?.href).toBe('http://a:1/');
  });
});

import { describe, expect, test } from 'vitest';
import { distrustOf } from '../../src/protocol/trust.js';

const trusts = (firstUrl: string, url: string, trustedHosts: string[] = []) =>
  distrustOf(url, { firstUrl, trustedHosts }) === null;

describe('a resume URL is used', () => {
  test.each([
    ['wss://gateway.discord.gg', 'wss://gateway-us-east1-b.discord.gg'],
    ['wss://gateway.discord.gg/?v=10', 'wss://gateway.discord.gg:443/'],
    ['wss://a.b.example.co.uk', 'wss://c.example.co.uk'],
    ['wss://gateway.discord.gg', 'wss://gateway-us-east1-b.discord.gg.'],
    ['wss://gateway.discord.gg', 'wss://localhost:8080'],
    ['ws://127.0.0.1:8000', 'ws://127.0.0.1:9000'],
    ['ws://localhost:8000', 'ws://[::1]:9000'],
    ['ws://10.0.0.7:8000', 'wss://10.0.0.7:9000'],
    ['ws://proxy:8000', 'ws://proxy:8001'],
  ])('of %s: %s', (firstUrl, url) => expect(trusts(firstUrl, url)).toBe(true));

  test.each(['resume.example.org', 'example.org', 'EXAMPLE.org'])(
    'with trustedHosts [%s]: wss://resume.example.org',
    (host) => {
      expect(trusts('wss://gateway.discord.gg', 'wss://resume.example.org', [host])).toBe(true);
    },
  );
});

describe('a resume URL gets no token', () => {
  test.each([
    ['wss://gateway.discord.gg', 'wss://discord.gg.evil.example', 'another domain'],
    ['wss://gateway.discord.gg', 'wss://evildiscord.gg', 'a name that ends alike'],
    ['wss://gateway.discord.gg', 'ws://gateway.discord.gg', 'without TLS'],
    ['wss://gateway.discord.gg', 'ws://localhost', 'without TLS, on this machine'],
    ['wss://gateway.discord.gg', 'wss://user:pw@gateway.discord.gg', 'with a password'],
    ['wss://gateway.discord.gg', 'wss://gateway.discord.gg\t.evil.example', 'a TAB in the host'],
    ['wss://gateway.discord.gg', 'wss://evil.example\\@gateway.discord.gg', 'a backslash'],
    ['wss://gateway.discord.gg.', 'wss://evil.gg.', 'a first URL with a dot at its end'],
    ['wss://a.example.co.uk', 'wss://evil.co.uk', 'the suffix alone'],
    ['wss://co.uk', 'wss://evil.co.uk', 'a first URL that is a suffix'],
    ['ws://10.0.0.7:8000', 'ws://10.0.0.8:8000', 'another address'],
    ['ws://10.0.0.7:8000', 'ws://[::ffff:127.0.0.1]:8000', 'an address in disguise'],
    ['ws://proxy:8000', 'wss://gateway.discord.gg', "Discord's, behind a proxy"],
    ['wss://gateway.discord.gg', 'https://gateway.discord.gg', 'no WebSocket'],
  ])('of %s: %s, %s', (firstUrl, url) => expect(trusts(firstUrl, url)).toBe(false));

  test('with trustedHosts [example.org]: wss://notexample.org', () => {
    expect(trusts('wss://gateway.discord.gg', 'wss://notexample.org', ['example.org'])).toBe(false);
  });
});

import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { TrustProxy } from '../src/forwarded.ts'
import { requestUrl, type UrlOptions } from '../src/bridge.ts'

describe('the URL of a request', () => {
  test('is what the request says, unless told otherwise', () => {
    expect(urlOf({})).toBe('http://app.internal:3000/hooks?a=1')
    expect(urlOf({}, {}, { encrypted: true })).toBe('https://app.internal:3000/hooks?a=1')
    expect(urlOf({}, FORWARDED)).toBe('http://app.internal:3000/hooks?a=1')
    expect(urlOf({ trustProxy: false }, FORWARDED)).toBe('http://app.internal:3000/hooks?a=1')
  })

  test('takes absolute and asterisk forms of the target', () => {
    const at = (target: string) => urlOf({}, {}, { target })
    expect(at('http://elsewhere.example/a?b')).toBe('http://app.internal:3000/a?b')
    expect(at('http://elsewhere.example?b')).toBe('http://app.internal:3000/?b')
    expect(at('*')).toBe('http://app.internal:3000/*')
  })

  test('has the origin and prefix of publicBase, as they are written', () => {
    expect(urlOf({ publicBase: 'https://example.com' })).toBe('https://example.com/hooks?a=1')
    expect(urlOf({ publicBase: 'https://example.com:443/' })).toBe(
      'https://example.com:443/hooks?a=1',
    )
    expect(urlOf({ publicBase: 'https://example.com/api', trustProxy: ONE }, FORWARDED)).toBe(
      'https://example.com/api/hooks?a=1',
    )
  })

  test('believes only the headers that are named: the client wrote the others', () => {
    expect(urlOf({ trustProxy: ONE }, FORWARDED)).toBe('https://outer.example/v1/hooks?a=1')
    const proto = { hops: 1, headers: ['x-forwarded-proto'] } as const
    const forged = { ...FORWARDED, forwarded: 'host=forged.example;proto=http' }
    expect(urlOf({ trustProxy: proto }, forged)).toBe('https://app.internal:3000/hooks?a=1')
    const { 'x-forwarded-proto': _, ...rest } = forged
    expect(urlOf({ trustProxy: proto }, rest)).toBe('http://app.internal:3000/hooks?a=1')
  })

  test('believes a number of proxies, counted from the end, where anybody can write the beginning', () => {
    const headers = {
      'x-forwarded-proto': 'http, https, http',
      'x-forwarded-host': 'forged.example, outer.example, inner.example',
    }
    const hops = (count: number): UrlOptions => ({ trustProxy: { ...ONE, hops: count } })
    expect(urlOf(hops(1), headers)).toBe('http://inner.example/hooks?a=1')
    expect(urlOf(hops(2), headers)).toBe('https://outer.example/hooks?a=1')
    expect(urlOf(hops(9), headers)).toBe('http://forged.example/hooks?a=1')
  })

  test('believes proxies with an address the function knows, as far as they are in a row', () => {
    const headers = {
      'x-forwarded-for': '10.0.0.9, 203.0.113.7, 10.0.0.2',
      'x-forwarded-host': 'forged.example, outer.example, inner.example',
    }
    const addresses = (address: string): boolean => address.startsWith('10.')
    const trustProxy = { addresses, headers: ['x-forwarded-for', 'x-forwarded-host'] } as const
    expect(urlOf({ trustProxy }, headers, { address: '10.0.0.1' })).toBe(
      'http://outer.example/hooks?a=1',
    )
    const unlisted = { addresses, headers: ['x-forwarded-host'] } as const
    expect(urlOf({ trustProxy: unlisted }, headers, { address: '10.0.0.1' })).toBe(
      'http://inner.example/hooks?a=1',
    )
    expect(urlOf({ trustProxy }, headers, { address: '203.0.113.1' })).toBe(
      'http://app.internal:3000/hooks?a=1',
    )
  })

  test('reads Forwarded as RFC 7239 writes it', () => {
    const forwarded =
      'for=198.51.100.1;proto=http;host=forged.example, For="[2001:db8::1]:4711";Proto=HTTPS;Host="outer.example:8443"'
    const headers = ['forwarded'] as const
    expect(urlOf({ trustProxy: { hops: 1, headers } }, { forwarded })).toBe(
      'https://outer.example:8443/hooks?a=1',
    )
    const addresses = (address: string): boolean =>
      address === '10.0.0.1' || address === '2001:db8::1'
    expect(
      urlOf({ trustProxy: { addresses, headers } }, { forwarded }, { address: '10.0.0.1' }),
    ).toBe('http://forged.example/hooks?a=1')
  })

  test('leaves aside what is no scheme, host or path', () => {
    const headers = {
      'x-forwarded-proto': 'javascript',
      'x-forwarded-host': 'a.example/b',
      'x-forwarded-prefix': '//c?d',
    }
    expect(urlOf({ trustProxy: ONE }, headers)).toBe('http://app.internal:3000/hooks?a=1')
  })

  test('a long prefix of slashes is read in one pass', () => {
    const prefix = `/${'/'.repeat(1_000_000)}a`
    expect(urlOf({ trustProxy: ONE }, { 'x-forwarded-prefix': prefix })).toBe(
      `http://app.internal:3000${prefix}/hooks?a=1`,
    )
  })

  test.each(['[', 'a b', 'a/b', 'a?b', 'a#b', 'user@a', 'a:99999', '[::1', 'a\\b', ''])(
    'a Host header of %j is rejected',
    (host) => {
      expect(() => urlOf({}, { host })).toThrow(
        expect.objectContaining({ code: 'malformed_url', status: 400 }),
      )
    },
  )

  test.each<[string, unknown]>([
    ['trustProxy must be { hops, headers }', true],
    ['trustProxy must be { hops, headers }', 1],
    ['trustProxy must be { hops, headers }', { headers: ['forwarded'] }],
    ['trustProxy must be { hops, headers }', { hops: 0, headers: ['forwarded'] }],
    [
      'trustProxy must be { hops, headers }',
      { hops: 1, addresses: () => true, headers: ['forwarded'] },
    ],
    ['trustProxy.headers must be', { hops: 1 }],
    ['trustProxy.headers must be', { hops: 1, headers: [] }],
    ['trustProxy.headers must be', { hops: 1, headers: ['X-Real-IP'] }],
    ['trustProxy.count is not an option', { hops: 1, count: 1, headers: ['forwarded'] }],
  ])('%s: %j', (message, trustProxy) => {
    expect(() => requestUrl({ trustProxy } as UrlOptions)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) as string }),
    )
  })
})

const ONE: TrustProxy = {
  hops: 1,
  headers: ['x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-prefix'],
}

const FORWARDED = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'outer.example',
  'x-forwarded-prefix': '/v1/',
}

function urlOf(
  options: UrlOptions,
  headers: Record<string, string> = {},
  { address = '127.0.0.1', encrypted = false, target = '/hooks?a=1' } = {},
): string {
  const request = {
    headers: { host: 'app.internal:3000', ...headers },
    socket: { remoteAddress: address, encrypted },
  } as unknown as IncomingMessage
  return requestUrl(options)(request, target)
}

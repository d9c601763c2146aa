import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { requestUrl, type UrlOptions } from '../src/request-url.ts'

describe('the URL of a request', () => {
  test('is what the request says, unless told otherwise', () => {
    expect(urlOf({})).toBe('http://app.internal:3000/hooks?a=1')
    expect(urlOf({}, {}, { encrypted: true })).toBe('https://app.internal:3000/hooks?a=1')
    expect(urlOf({}, FORWARDED)).toBe('http://app.internal:3000/hooks?a=1')
    expect(urlOf({ trustProxy: 0 }, FORWARDED)).toBe('http://app.internal:3000/hooks?a=1')
  })

  test('takes absolute and asterisk forms of the target', () => {
    const at = (target: string) => urlOf({}, {}, { target })
    expect(at('http://elsewhere.example/a?b')).toBe('http://app.internal:3000/a?b')
    expect(at('http://elsewhere.example?b')).toBe('http://app.internal:3000/?b')
    expect(at('*')).toBe('http://app.internal:3000/*')
  })

  test('has the origin and prefix of publicUrl, as they are written', () => {
    expect(urlOf({ publicUrl: 'https://example.com' })).toBe('https://example.com/hooks?a=1')
    expect(urlOf({ publicUrl: 'https://example.com:443/' })).toBe(
      'https://example.com:443/hooks?a=1',
    )
    expect(urlOf({ publicUrl: 'https://example.com/api', trustProxy: true }, FORWARDED)).toBe(
      'https://example.com/api/hooks?a=1',
    )
  })

  test('believes all proxies: the first entry counts', () => {
    expect(urlOf({ trustProxy: true }, FORWARDED)).toBe('https://outer.example/v1/hooks?a=1')
  })

  test('believes a number of proxies, counted from the end, where anybody can write the beginning', () => {
    const headers = {
      'x-forwarded-proto': 'http, https, http',
      'x-forwarded-host': 'forged.example, outer.example, inner.example',
    }
    expect(urlOf({ trustProxy: 1 }, headers)).toBe('http://inner.example/hooks?a=1')
    expect(urlOf({ trustProxy: 2 }, headers)).toBe('https://outer.example/hooks?a=1')
    expect(urlOf({ trustProxy: 9 }, headers)).toBe('http://forged.example/hooks?a=1')
  })

  test('believes proxies with an address the function knows, as far as they are in a row', () => {
    const headers = {
      'x-forwarded-for': '10.0.0.9, 203.0.113.7, 10.0.0.2',
      'x-forwarded-host': 'forged.example, outer.example, inner.example',
    }
    const trustProxy = (address: string) => address.startsWith('10.')
    expect(urlOf({ trustProxy }, headers, { address: '10.0.0.1' })).toBe(
      'http://outer.example/hooks?a=1',
    )
    expect(urlOf({ trustProxy }, headers, { address: '203.0.113.1' })).toBe(
      'http://app.internal:3000/hooks?a=1',
    )
  })

  test('reads Forwarded as RFC 7239 writes it', () => {
    const forwarded =
      'for=198.51.100.1;proto=http;host=forged.example, For="[2001:db8::1]:4711";Proto=HTTPS;Host="outer.example:8443"'
    expect(urlOf({ trustProxy: 1 }, { forwarded })).toBe('https://outer.example:8443/hooks?a=1')
    const known = (address: string) => address === '10.0.0.1' || address === '2001:db8::1'
    expect(urlOf({ trustProxy: known }, { forwarded }, { address: '10.0.0.1' })).toBe(
      'http://forged.example/hooks?a=1',
    )
  })

  test('leaves aside what is no scheme, host or path', () => {
    const headers = {
      'x-forwarded-proto': 'javascript',
      'x-forwarded-host': 'a.example/b',
      'x-forwarded-prefix': '//c?d',
    }
    expect(urlOf({ trustProxy: true }, headers)).toBe('http://app.internal:3000/hooks?a=1')
  })
})

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

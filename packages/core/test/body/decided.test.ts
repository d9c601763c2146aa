import { describe, expect, test } from 'vitest'
import {
  checkLabel,
  decideFormat,
  labelOf,
  readsXml,
  type Declaration,
} from '../../src/body/formats.ts'
import type { Format } from '../../src/delivery.ts'
import { createDelivery } from '../../src/receive/http-delivery.ts'

function decided(declared: Declaration, body: string | Uint8Array, contentType?: string): Format {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  const delivery = createDelivery({ url: 'https://example.com/?q=1', headers, body })
  return decideFormat(delivery, declared)
}

describe('the bytes decide among the formats that are declared', () => {
  test.each<[string, readonly Format[], string | readonly number[], Format]>([
    ['an object', ['bytes', 'json'], '{', 'json'],
    ['an array', ['bytes', 'json'], '[', 'json'],
    ['an object where JSON is not sent', ['bytes', 'xml'], '{', 'bytes'],
    ['a tag', ['json', 'xml'], ' \t\r\n<', 'xml'],
    ['a tag where XML is not sent', ['json', 'text'], '<', 'text'],
    ['a byte order mark', ['bytes', 'json'], [0xef, 0xbb, 0xbf, 0x7b], 'json'],
    ['the begin of such a mark', ['bytes', 'json'], [0xef, 0xbb, 0x20, 0x7b], 'bytes'],
    ['the ends of such a mark', ['bytes', 'json'], [0xef, 0x20, 0xbf, 0x7b], 'bytes'],
    ['the rest of such a mark', ['bytes', 'json'], [0x20, 0xbb, 0xbf, 0x7b], 'bytes'],
    ['another white space', ['bytes', 'json'], [0x0b, 0x7b], 'bytes'],
    ['a boundary', ['bytes', 'multipart'], '--x', 'multipart'],
    ['one dash', ['bytes', 'multipart'], '-x', 'bytes'],
    ['a later dash', ['bytes', 'multipart'], 'x-', 'bytes'],
    ['white space before a boundary', ['bytes', 'multipart'], ' --x', 'bytes'],
    ['a boundary where parts are not sent', ['bytes', 'json'], '--x', 'bytes'],
    ['text before bytes', ['bytes', 'text'], 'x', 'text'],
    ['a form that looks like one', ['text', 'form'], 'a=1', 'form'],
    ['a form that does not', ['text', 'form'], 'a', 'text'],
    ['a form where all else has a mark', ['json', 'form'], 'a', 'form'],
    ['nothing known', ['xml', 'json'], 'a', 'xml'],
    ['a query beside one format', ['query', 'json'], 'a', 'json'],
    ['a query beside two', ['query', 'xml', 'json'], 'a', 'xml'],
    ['bytes that are no form', ['form', 'bytes'], 'a', 'bytes'],
    ['no body, where a query is sent', ['json', 'query'], '', 'query'],
    ['no body, where none is', ['json', 'xml'], '', 'json'],
    ['a query alone', ['query'], 'a', 'query'],
  ])('%s', (_, formats, body, expected) => {
    const content = typeof body === 'string' ? body : Uint8Array.from(body)
    expect(decided({ formats }, content)).toBe(expected)
  })

  test('a form has names, values, and no byte that forms escape', () => {
    const form = (text: string): boolean => decided({ formats: ['text', 'form'] }, text) === 'form'
    for (const text of ['a=', '=', 'AZaz09-._~*+=1', 'a=%00%99%aA%fF', 'a=1&b=2', 'a=1&a='])
      expect([text, form(text)]).toEqual([text, true])
    for (const byte of ['/', ':', '@', '[', '`', '{', '!', ',', '"', '\u0080'])
      expect([byte, form(`a=${byte}`)]).toEqual([byte, false])
    for (const text of ['%', '%0', '%/0', '%0/', '%:0', '%@0', '%0G', '%`0', '%g0'])
      expect([text, form(`a=${text}`)]).toEqual([text, false])
    for (const text of ['a', 'a&b=1', 'a=1&b', 'a=1&', '&a=1', 'a=1&&b=2'])
      expect([text, form(text)]).toEqual([text, false])
  })
})

test('a strict label that names another format than that of the body is rejected', () => {
  const check = (body: string, label: string) => () => {
    const headers = { 'content-type': label }
    checkLabel(createDelivery({ url: 'https://example.com/', headers, body }))
  }
  expect(check('{}', '')).not.toThrow()
  expect(check('{}', 'text/json')).not.toThrow()
  expect(check('', 'text/xml')).not.toThrow()
  expect(check('{}', 'text/xml')).toThrow(
    expect.objectContaining({
      code: 'unsupported_media_type',
      problem: 'not_allowed',
      header: 'content-type',
      got: 'xml',
      expected: 'of json, as which the body is read',
      remedy: "let the sender say json, or leave out contentType: 'strict'",
    }),
  )
})

test('XML is read where the provider says so, or declares its format', () => {
  expect([{ xml: true }, { formats: ['json', 'xml'] }].map(readsXml)).toEqual([true, true])
  expect([{}, { formats: ['json'] }].map(readsXml)).toEqual([false, false])
})

test('the provider decides before all else', () => {
  const declared: Declaration = { formats: ['json', 'text'], format: () => 'text' }
  expect(decided(declared, '{}')).toBe('text')
  expect(decided({ ...declared, format: () => undefined }, '{}')).toBe('json')
  expect(decided({}, 'a')).toBe('json')
})

test('a label decides among the formats that are declared, if it is signed or nothing is', () => {
  const formats = ['json', 'form', 'xml', 'text', 'bytes'] as const
  for (const more of [{ covers: { body: 'none' } }, { labelled: () => true }] as const) {
    expect(decided({ formats, ...more }, 'a=1', 'application/xml')).toBe('xml')
    expect(decided({ formats, ...more }, 'a=1')).toBe('form')
    expect(decided({ formats, ...more }, 'a=1', 'multipart/form-data')).toBe('form')
  }
  for (const more of [{ covers: { body: 'bytes' } }, { labelled: () => false }] as const)
    expect(decided({ formats, ...more }, 'a=1', 'application/xml')).toBe('form')
})

test.each<[string | undefined, Format | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/x-json', 'json'],
  ['application/csp-report', 'json'],
  ['application/cloudevents+json; charset=utf-8', 'json'],
  ['application/x-www-form-urlencoded', 'form'],
  ['text/xml', 'xml'],
  ['application/xml', 'xml'],
  ['application/soap+xml', 'xml'],
  ['multipart/form-data; boundary=x', 'multipart'],
  ['multipart/mixed', 'bytes'],
  ['text/plain', 'text'],
  ['text/html', 'text'],
  ['application/octet-stream', 'bytes'],
])('the label %j names %j', (contentType, expected) => {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  expect(labelOf(createDelivery({ url: 'https://example.com/', headers }))).toBe(expected)
})

import { describe, expect, test, vi } from 'vitest'
import { type Declaration, parseBody as parse } from '../../src/body/formats.ts'
import type { Delivery, Format, ParsedBody } from '../../src/delivery.ts'
import { rejection } from './rejection.ts'
import { createDelivery } from '../../src/receive/http-delivery.ts'

const ALL: readonly Format[] = ['json', 'form', 'xml', 'multipart', 'bytes', 'query']

function parseBody(
  declared: Declaration,
  body: string | Uint8Array,
  contentType?: string,
  method = 'POST',
): ReturnType<typeof parse> {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  const url = 'https://example.com/hook?q=1'
  return parse(createDelivery({ method, url, headers, body }, undefined, declared), false)
}

test('the first XML body waits for the parser, the next does not', async () => {
  vi.resetModules()
  const fresh = await import('../../src/body/formats.ts')
  const delivery = await import('../../src/receive/http-delivery.ts')
  const xml = (): Delivery =>
    delivery.createDelivery({ url: 'https://example.com/hook', body: '<a>1</a>' }, undefined, {
      formats: ['xml'],
    })
  const first = fresh.parseBody(xml(), false)
  expect(first).toBeInstanceOf(Promise)
  expect(await first).toEqual({ kind: 'xml', value: { a: '1' } })
  expect(fresh.parseBody(xml(), false)).toEqual({ kind: 'xml', value: { a: '1' } })
})

const LABELS = [
  undefined,
  'application/json',
  'application/x-www-form-urlencoded',
  'text/xml',
  'text/plain;charset=UTF-16',
  'multipart/form-data; boundary=Y',
  'application/octet-stream',
]
const FORM_TEXT = 'a=1&b=%7B%22+x'
const PART = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X--'

describe.each(LABELS)('labelled %s', (contentType) => {
  test.each<[string, Declaration, string, ParsedBody]>([
    ['JSON alone by default', {}, '{"a":1}', { kind: 'json', value: { a: 1 } }],
    ['nothing', {}, '', { kind: 'empty', value: undefined }],
    ['a byte order mark', { formats: ALL }, '\ufeff[1]', { kind: 'json', value: [1] }],
    ['white space', { formats: ALL }, ' \r\n{"a":1}', { kind: 'json', value: { a: 1 } }],
    ['a tag', { formats: ALL }, '<a>1</a>', { kind: 'xml', value: { a: '1' } }],
    ['a form', { formats: ALL }, FORM_TEXT, { kind: 'form', value: { a: '1', b: '{" x' } }],
    ['a form alone', { formats: ['form'] }, '{=1', { kind: 'form', value: { '{': '1' } }],
    ['text alone', { formats: ['text'] }, '{"a":1}', { kind: 'text', value: '{"a":1}' }],
    ['text beside JSON', { formats: ['json', 'text'] }, 'hi', { kind: 'text', value: 'hi' }],
    ['bytes', { formats: ALL }, '\0', { kind: 'bytes', value: Buffer.from('\0') }],
    ['a signed query', { formats: ALL }, '', { kind: 'query', value: { q: '1' } }],
    [
      'parts by their first line',
      { formats: ALL },
      PART,
      { kind: 'multipart', value: { fields: { a: '1' }, files: [] } },
    ],
  ])('%s', async (_, declared, content, expected) => {
    expect(await parseBody(declared, content, contentType)).toEqual(expected)
  })
})

test('text in the charset that its provider declares, or that its signed label names', () => {
  const declared = { formats: ['text'], charsets: ['iso-8859-1'] } as const
  const latin = Uint8Array.of(0xe9)
  expect(parseBody(declared, latin, 'text/plain; charset=utf-8')).toEqual({
    kind: 'text',
    value: 'é',
  })
  const labelled = { formats: ['text'], labelled: () => true } as const
  expect(parseBody(labelled, latin, 'text/plain; charset=latin1')).toEqual({
    kind: 'text',
    value: 'é',
  })
  const unknown = (): unknown => parseBody(labelled, 'a', 'text/plain; charset=klingon')
  expect(rejection(unknown)).toBe('unsupported_encoding')
})

test('a malformed body is rejected, whatever its label says', () => {
  for (const contentType of LABELS)
    expect(rejection(() => parseBody({}, '{"a":', contentType))).toBe('malformed_body')
})

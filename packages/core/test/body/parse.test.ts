import { expect, test, vi } from 'vitest'
import { parseBody as parse, type ParsedBody } from '../../src/body/parse.ts'
import { createDelivery, type Delivery } from '../../src/delivery.ts'
import { refusal, refusalOf } from './refusal.ts'

function parseBody(
  contentType: string | undefined,
  body: string | Uint8Array,
  method = 'POST',
): ReturnType<typeof parse> {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  return parse(
    createDelivery({ method, url: 'https://example.com/hook?q=1', headers, body }),
    false,
  )
}

test('the first XML body waits for the parser, the next does not', async () => {
  vi.resetModules()
  const fresh = await import('../../src/body/parse.ts')
  const delivery = await import('../../src/delivery.ts')
  const xml = (): Delivery =>
    delivery.createDelivery({
      url: 'https://example.com/hook',
      headers: { 'content-type': 'text/xml' },
      body: '<a>1</a>',
    })
  const first = fresh.parseBody(xml(), false)
  expect(first).toBeInstanceOf(Promise)
  expect(await first).toEqual({ kind: 'xml', value: { a: '1' } })
  expect(fresh.parseBody(xml(), false)).toEqual({ kind: 'xml', value: { a: '1' } })
})

test.each<[string | undefined, string, ParsedBody]>([
  ['application/json; charset=utf-8', '{"a":1}', { kind: 'json', value: { a: 1 } }],
  ['application/vnd.x+json', '[1]', { kind: 'json', value: [1] }],
  ['application/x-www-form-urlencoded', 'a=1&a=2', { kind: 'form', value: { a: ['1', '2'] } }],
  ['application/soap+xml', '<a/>', { kind: 'xml', value: { a: '' } }],
  ['text/plain', '{"a":1}', { kind: 'text', value: '{"a":1}' }],
  ['application/json', '', { kind: 'empty', value: undefined }],
  [undefined, '', { kind: 'empty', value: undefined }],
  [undefined, ' \r\n{"a":1}', { kind: 'json', value: { a: 1 } }],
  [undefined, '\ufeff[1]', { kind: 'json', value: [1] }],
  [undefined, '<a>1</a>', { kind: 'xml', value: { a: '1' } }],
])('%s %j', async (contentType, content, expected) => {
  expect(await parseBody(contentType, content)).toEqual(expected)
})

test('a type nobody reads, and bytes that look like nothing, stay the very bytes', () => {
  const bytes = Uint8Array.of(0, 255, 1)
  for (const contentType of [
    'application/octet-stream',
    'multipart/mixed; boundary=x',
    undefined,
  ]) {
    const parsed = parseBody(contentType, bytes) as ParsedBody
    expect(parsed.kind).toBe('bytes')
    expect(parsed.value).toBe(bytes)
  }
})

test('multipart', async () => {
  const body = '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X--'
  expect(await parseBody('multipart/form-data; boundary=X', body)).toEqual({
    kind: 'multipart',
    value: { fields: { a: '1' }, files: [] },
  })
  const broken = parseBody('multipart/form-data; boundary=Y', body)
  expect(await refusalOf(() => Promise.resolve(broken))).toBe('malformed_body')
})

test.each(['GET', 'HEAD'])('%s reads the query', (method) => {
  expect(parseBody(undefined, '', method)).toEqual({
    kind: 'query',
    value: { q: '1' },
  })
})

test('text in its charset', () => {
  expect(parseBody('text/plain; charset=iso-8859-1', Uint8Array.of(0xe9))).toEqual({
    kind: 'text',
    value: 'é',
  })
  expect(refusal(() => parseBody('text/plain; charset=klingon', 'a'))).toBe('unsupported_encoding')
})

test('a malformed body is refused, also where its type was guessed', () => {
  for (const contentType of ['application/json', undefined]) {
    expect(refusal(() => parseBody(contentType, '{"a":'))).toBe('malformed_body')
  }
})

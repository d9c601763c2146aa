import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { formToObject, parseForm } from '../../packages/core/src/body/form.ts'
import { gunzip } from '../../packages/core/src/body/inflate.ts'
import { formatOf, parseMediaType } from '../../packages/core/src/body/media-type.ts'
import { parseMultipart } from '../../packages/core/src/body/multipart.ts'
import { decodeText } from '../../packages/core/src/body/bytes.ts'
import { chars, mutated, pieced } from './mutate.ts'
import { read, readLater } from './rejection.ts'
import { target, type FuzzTarget } from './target.ts'

const FORM = [
  ...chars('&=+%; '),
  '%4',
  '%41',
  '%e2%82%ac',
  '%ff',
  'a',
  'b',
  '__proto__',
  'é',
  '😀',
  '\ud800',
]
const TYPE = [
  ...chars('/;,=" \\\t'),
  'application',
  'json',
  'text',
  'charset',
  'boundary',
  'UTF-8',
  '+xml',
  '; charset=',
  '"a\\"b"',
]
const CHARSETS = [
  'utf-8',
  'utf-16',
  'utf-16le',
  'shift_jis',
  'gbk',
  'latin1',
  'iso-2022-jp',
  'no-such',
]
const PART = [
  '--b',
  '--b--',
  '\r\n',
  '\n',
  '\r\n\r\n',
  'Content-Disposition: form-data; name="a"',
  '; filename="f.txt"',
  "; filename*=utf-8''%e2%82",
  'Content-Type: text/plain; charset=utf-16',
  ': ',
  'x',
  '"',
]

export const bodyTargets: readonly FuzzTarget[] = [
  target('parsers', 'form: as URLSearchParams reads it', () =>
    fc.property(pieced(FORM, 40), (given) => {
      // Removes the characters that URL would drop.
      const text = given.replaceAll(/[\t\r\n#]/g, '')
      const limit = 30
      const ours = read(() => parseForm(text, limit))
      if (text.split('&').length > limit) return assert.equal(ours.code, 'malformed_body')
      // The URL class parses the text, because in Node 24 URLSearchParams parses a string with both `é` and a stray `%`
      // wrongly.
      const theirs = new URL(`http://a/?${text}#`).searchParams
      assert.deepEqual([...ours.value!], [...theirs])
      const object = formToObject(ours.value!)
      assert.equal(Object.getPrototypeOf(object), Object.prototype)
      for (const name of new Set(theirs.keys()))
        if (name !== '__proto__') assert.deepEqual([object[name]].flat(), theirs.getAll(name))
    }),
  ),
  target('parsers', 'form: any charset', () =>
    fc.property(pieced(FORM, 20), fc.constantFrom(...CHARSETS), (text, charset) => {
      const ours = read(() => parseForm(text, 100, charset))
      if (ours.code !== undefined) assert.equal(ours.code, 'unsupported_encoding')
    }),
  ),
  target('parsers', 'text: any bytes in any charset', () =>
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.oneof(fc.constantFrom(...CHARSETS), fc.string()),
      (bytes, charset) => {
        const ours = read(() => decodeText(bytes, charset))
        if (ours.code !== undefined) assert.equal(ours.code, 'unsupported_encoding')
        else assert.equal(typeof ours.value, 'string')
      },
    ),
  ),
  target('parsers', 'content type', () =>
    fc.property(pieced(TYPE, 16), (text) => {
      const first = parseMediaType(text)
      // The second result comes from the cache.
      assert.deepEqual(parseMediaType(text), first)
      assert.equal(first.type, first.type.trim().toLowerCase())
      assert.equal(formatOf(first.type) === undefined, first.type === '')
    }),
  ),
  target('parsers', 'content type: what was written', () =>
    fc.property(
      fc.stringMatching(/^[a-z]{1,8}\/[a-z+.-]{1,8}$/),
      fc.stringMatching(/^[a-z\d-]{1,8}$/),
      fc.stringMatching(/^[\w'()+,./:=? -]{0,20}[\w'()+,./:=?-]$/),
      (type, charset, boundary) => {
        const text = `${type.toUpperCase()} ; Charset="${charset}";boundary="${boundary}"`
        assert.deepEqual(parseMediaType(text), { type, charset, boundary })
      },
    ),
  ),
  target('parsers', 'gzip', () =>
    fc.property(mutated(GZIPPED, ['\u001f\u008b', '\0']), (bytes) => {
      const ours = read(() => gunzip(bytes, 5000))
      if (ours.code === undefined) assert.ok(ours.value.byteLength <= 5000)
      else assert.ok(['malformed_body', 'decompressed_too_large'].includes(ours.code))
    }),
  ),
  target('parsers', 'multipart: broken', () =>
    fc.asyncProperty(
      fc.oneof(
        mutated(
          [
            written([
              ['a', 'b'],
              ['a', 'c'],
            ]),
            written([['__proto__', '']]),
          ],
          PART,
        ),
        pieced(PART, 30).map((text) => Buffer.from(`--b\r\n${text}`)),
      ),
      async (bytes) => {
        const ours = await readLater(() => parseMultipart(bytes, { fields: 10 }))
        if (ours.code !== undefined)
          assert.ok(['malformed_body', 'unsupported_encoding'].includes(ours.code), ours.code)
        else assert.equal(Object.getPrototypeOf(ours.value.fields), Object.prototype)
      },
    ),
  ),
  target('parsers', 'multipart: what was written', () =>
    fc.asyncProperty(
      fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,4}$/), fc.string({ unit: 'grapheme' })), {
        minLength: 1,
        maxLength: 6,
      }),
      async (fields) => {
        const { fields: found } = await parseMultipart(written(fields), { fields: 10 })
        for (const [name] of fields)
          assert.deepEqual(
            [found[name]].flat(),
            fields.filter(([other]) => other === name).map(([, value]) => value),
          )
      },
    ),
  ),
]

const GZIPPED = [
  gzipSync('{"a":1}'),
  gzipSync(Buffer.alloc(100_000)),
  Buffer.concat([gzipSync('a'), gzipSync('b')]),
]

function written(fields: readonly (readonly [string, string])[]): Buffer {
  const parts = fields.map(
    ([name, value]) =>
      `--bnd\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return Buffer.from(`${parts.join('')}--bnd--\r\n`)
}

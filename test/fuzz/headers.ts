import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createDelivery } from '@postern/core'
import { parseRetryAfter } from '@postern/core/internal'
import { pairs, token, basic } from '@postern/core/scheme'
import {
  formatTimestamp,
  parseTimestamp,
} from '../../packages/core/src/provider/schemes/signature/timestamp.ts'
import {
  dictionary,
  structuredFields,
} from '../../packages/providers/src/schemes/http-signature/structured-fields.ts'
import { chars, pieced } from './mutate.ts'
import { read, type Read } from './rejection.ts'
import { target, type FuzzTarget } from './target.ts'

const PAIRS = [...chars(', =;'), 't=', 'v1=', 'v0=', '123', 'abc', 't', 'v1', '==', '\t']
const TIMES = [
  '2026-01-31T08:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-02-30T25:00:00+99:99',
  '0',
  '-1',
  '1e9',
  '99999999999999',
  'Infinity',
  ' 1',
]
const FIELDS = [
  ...chars(',;=()":?@ '),
  'sig1',
  'sig1=',
  '("@method" "content-digest")',
  ';created=1',
  ':YWJj:',
  ';keyid="a"',
  '"a,sig1=b"',
  '\\"',
  '*',
  'é',
  '%"a"',
]

export const headerTargets: readonly FuzzTarget[] = [
  target('headers', 'pairs', () =>
    fc.property(pieced(PAIRS), fc.constantFrom(',', ';'), (value, separator) => {
      const grammar = pairs({ header: 'x-signature', separator: separator as ',' })
      const delivery = createDelivery({ url: 'https://a/', headers: { 'x-signature': value } })
      const found = read(() => grammar.read!(delivery))
      if (found.code !== undefined)
        return assert.match(found.code, /^(?:missing|malformed)_header$/)
      const { timestamp, signatures } = found.value
      const parts = value.split(separator).map((part) => part.replace(/^ */, ''))
      const named = (name: string): string[] =>
        parts
          .filter((part) => part.startsWith(`${name}=`))
          .map((part) => part.slice(name.length + 1))
      assert.deepEqual(named('t'), [timestamp])
      assert.deepEqual(named('v1'), signatures)
      assert.ok(signatures.length > 0 && signatures.length <= 20)
    }),
  ),
  target('headers', 'signed time', () =>
    fc.property(
      fc.oneof(pieced(TIMES, 3), fc.constantFrom(...TIMES), fc.integer().map(String)),
      fc.constantFrom('s', 'ms', 'iso'),
      (text, unit) => {
        const found = read(() => parseTimestamp(text, 'x-time', unit))
        if (found.code !== undefined) return assert.equal(found.code, 'malformed_header')
        assert.ok(Number.isFinite(found.value))
        assert.equal(
          parseTimestamp(formatTimestamp(found.value, unit), 'x-time', unit),
          found.value,
        )
      },
    ),
  ),
  target('headers', 'Retry-After', () =>
    fc.property(
      pieced([...TIMES, 'Mon, ', '01 Jan 2030 00:00:00', ' GMT', 'Sun Nov  6 08:49:37 1994']),
      fc.integer({ min: 0, max: 4e12 }),
      (text, now) => {
        const wait = parseRetryAfter(text, now)
        if (wait !== undefined) assert.ok(Number.isFinite(wait) && wait >= 0)
      },
    ),
  ),
  target('headers', 'token and Basic', () =>
    fc.property(
      pieced([
        ...chars(' ,:'),
        'Bearer',
        'Basic',
        'bearer ',
        'c2VjcmV0',
        'dXNlcjpzZWNyZXQ=',
        'secret',
        '=',
        '\t',
      ]),
      (value) => {
        const delivery = createDelivery({ url: 'https://a/', headers: { authorization: value } })
        const bearer = token({ header: 'authorization', scheme: 'Bearer' })
        const first = read(() => bearer.verify(delivery, ['secret'], 0))
        if (first.code === undefined) assert.match(value, /^bearer\s+secret\s*$/i)
        const second = read(() => basic().verify(delivery, ['user:secret'], 0))
        if (second.code === undefined) assert.match(value, /^basic +dXNlcjpzZWNyZXQ=* *$/i)
      },
    ),
  ),
  target('headers', 'structured fields', async () => {
    const keysOf = await keyReader()
    return fc.property(fc.array(pieced(FIELDS, 10), { minLength: 1, maxLength: 2 }), (lines) => {
      const found = keysOf(lines)
      if (found.code === undefined) assert.ok(found.value.every((key) => key !== ''))
      else assert.match(found.code, /^(?:missing|malformed)_header$/)
    })
  }),
  target('headers', 'structured fields: no key counts twice', async () => {
    const keysOf = await keyReader()
    const member = fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'sig-1', '*x'),
      fc.constantFrom('=1', '', '=("x" "y");k="v,a=1"', '=:YQ==:', '="(\\",a=2"', ';p="),b"'),
    )
    return fc.property(fc.array(member, { minLength: 1, maxLength: 5 }), (members) => {
      const found = keysOf([members.map((parts) => parts.join('')).join(' ,\t')])
      const keys = members.map(([key]) => key)
      if (new Set(keys).size < keys.length) assert.equal(found.code, 'malformed_header')
      else assert.deepEqual(found.value, keys)
    })
  }),
]

/** Creates a reader for the lines of a header with a structured-field dictionary. The reader returns the keys. */
async function keyReader(): Promise<(lines: readonly string[]) => Read<readonly string[]>> {
  const sf = await structuredFields.load()
  return (lines) => {
    const headers = lines.map((line) => ['signature-input', line] as const)
    const delivery = createDelivery({ url: 'https://a/', headers })
    return read(() => [...dictionary(sf, delivery, 'signature-input').keys()])
  }
}

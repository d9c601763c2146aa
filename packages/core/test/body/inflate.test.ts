import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inflate } from '../../src/body/inflate.ts'
import { refusal } from './refusal.ts'

const MIB = 1024 * 1024
const codings = [
  ['gzip', 'gzip', gzipSync],
  ['x-gzip', 'gzip', gzipSync],
  [' GZip ', 'gzip', gzipSync],
  ['deflate', 'zlib', deflateSync],
  ['deflate', 'raw deflate', deflateRawSync],
  ['br', 'brotli', brotliCompressSync],
] as const

describe.each(codings)('%s of %s', (coding, _, compress) => {
  test('gives back what was compressed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(Buffer.from(inflate(compress(bytes), coding, MIB)).equals(bytes)).toBe(true)
      }),
    )
  })

  test('stops at the limit', () => {
    const bomb = compress(Buffer.alloc(16 * MIB))
    expect(refusal(() => inflate(bomb, coding, MIB))).toBe('inflated_too_large')
    const exact = compress(Buffer.alloc(1000, 'ab'))
    expect(inflate(exact, coding, 1000).length).toBe(1000)
    expect(refusal(() => inflate(exact, coding, 999))).toBe('inflated_too_large')
    expect(inflate(exact, coding, Infinity).length).toBe(1000)
  })

  test('refuses a stream that is cut off anywhere', () => {
    const whole = compress(Buffer.from('a webhook body, and a webhook body again'))
    for (let end = 1; end < whole.length; end++) {
      expect(
        refusal(() => inflate(whole.subarray(0, end), coding, MIB)),
        `cut at ${end}`,
      ).toBe('malformed_body')
    }
  })

  test('refuses what follows the end of the stream', () => {
    const whole = compress(Buffer.from('{}'))
    for (const tail of ['\0', '\0\0\0', 'garbage', '{"a":1}']) {
      expect(refusal(() => inflate(Buffer.concat([whole, Buffer.from(tail)]), coding, MIB))).toBe(
        'malformed_body',
      )
    }
  })

  test('a changed or random stream gives bytes or a refusal, nothing else', () => {
    const whole = compress(Buffer.from('a webhook body, and a webhook body again'))
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.uint8Array(),
        (at, flip, noise) => {
          const changed = Uint8Array.from(whole)
          changed[at] = (changed[at] ?? 0) ^ flip
          for (const bytes of [changed, noise]) {
            expect([undefined, 'malformed_body', 'inflated_too_large']).toContain(
              refusal(() => inflate(bytes, coding, MIB)),
            )
          }
        },
      ),
    )
  })

  test('an empty body stays empty', () => {
    expect(inflate(new Uint8Array(0), coding, MIB).length).toBe(0)
  })
})

test('several gzip members are one body (RFC 1952, section 2.2)', () => {
  expect(String(inflate(Buffer.concat([gzipSync('a'), gzipSync('b')]), 'gzip', MIB))).toBe('ab')
})

test.each([undefined, '', 'identity', ' Identity '])('%j leaves the array as it is', (coding) => {
  const bytes = Uint8Array.of(1, 2, 3)
  expect(inflate(bytes, coding, 1)).toBe(bytes)
})

test.each(['gzip, gzip', 'gzip,br', 'zstd', 'compress', '__proto__', 'constructor'])(
  '%j is refused',
  (coding) => {
    expect(() => inflate(gzipSync('a'), coding, MIB)).toThrow(/gzip, deflate, br/)
    expect(refusal(() => inflate(gzipSync('a'), coding, MIB))).toBe('unsupported_encoding')
  },
)

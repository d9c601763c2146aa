import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gunzip } from '../../src/body/inflate.ts'
import { isCoded } from '../../src/body/formats.ts'
import { rejection } from './rejection.ts'

const MIB = 1024 * 1024
const compress = gzipSync

describe('gzip', () => {
  test('gives back what was compressed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(Buffer.from(gunzip(compress(bytes), MIB)).equals(bytes)).toBe(true)
      }),
    )
  })

  test('stops at the limit', () => {
    const bomb = compress(Buffer.alloc(16 * MIB))
    expect(rejection(() => gunzip(bomb, MIB))).toBe('decompressed_too_large')
    const exact = compress(Buffer.alloc(1000, 'ab'))
    expect(gunzip(exact, 1000).length).toBe(1000)
    expect(() => gunzip(exact, 999)).toThrow(
      expect.objectContaining({ problem: 'inflated', option: 'limits.decompressed', limit: 999 }),
    )
    expect(gunzip(exact, Infinity).length).toBe(1000)
  })

  test('rejects a stream that is cut off anywhere', () => {
    const whole = compress(Buffer.from('a webhook body, and a webhook body again'))
    for (let end = 1; end < whole.length; end++) {
      expect(
        rejection(() => gunzip(whole.subarray(0, end), MIB)),
        `cut at ${end}`,
      ).toBe('malformed_body')
    }
    expect(() => gunzip(whole.subarray(0, 20), MIB)).toThrow(
      expect.objectContaining({ cause: expect.any(Error) as unknown }),
    )
  })

  test('rejects what follows the end of the stream', () => {
    const whole = compress(Buffer.from('{}'))
    for (const tail of ['\0', '\0\0\0', 'garbage', '{"a":1}']) {
      expect(rejection(() => gunzip(Buffer.concat([whole, Buffer.from(tail)]), MIB))).toBe(
        'malformed_body',
      )
    }
  })

  test('a changed or random stream gives bytes or a rejection, nothing else', () => {
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
            expect([undefined, 'malformed_body', 'decompressed_too_large']).toContain(
              rejection(() => gunzip(bytes, MIB)),
            )
          }
        },
      ),
    )
  })
})

test('several gzip members are one body (RFC 1952, section 2.2)', () => {
  expect(String(gunzip(Buffer.concat([gzipSync('a'), gzipSync('b')]), MIB))).toBe('ab')
})

test('only the magic bytes of gzip, at a provider that declares it, are a coding', () => {
  const declared = { codings: { gzip: 'sent' as const } }
  expect(isCoded(gzipSync('a'), declared)).toBe(true)
  expect(isCoded(gzipSync('a'), {})).toBe(false)
  expect(isCoded(gzipSync('a'), { codings: {} })).toBe(false)
  for (const bytes of [
    brotliCompressSync('a'),
    deflateSync('a'),
    Buffer.from('{}'),
    Buffer.of(),
    Buffer.of(0x1f, 0x8a),
    Buffer.of(0x1e, 0x8b),
  ])
    expect(isCoded(bytes, declared)).toBe(false)
})

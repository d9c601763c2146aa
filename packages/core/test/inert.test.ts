import { spawnSync } from 'node:child_process'
import { stripTypeScriptTypes } from 'node:module'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inertAnswer, inertJson, inertSource, inertText, shellWord } from '../src/inert.ts'

const PRINTABLE = /^[ -~]*$/
const LINES = /^[\n -~]*$/
/**
 * Texts of any code units: lone surrogates, control characters, and characters with a meaning in shells, JSON or
 * terminals.
 */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        ...Array.from(
          '\\\'"`$!{}u1B()\n\r\t\u001B]52;c;\u0007\u0090\u202E\u2028\u200B\uE000\uD800\u0378#~%&|<>* ',
        ),
        '\\u{1B}',
        '\\x41',
        '$(touch x)',
        '\u001B[201~',
        '__proto__',
        'é',
        'שלום',
        '😀',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
)
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
    fc.constantFrom(null, true, false),
    fc.array(tie('any'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(text, fc.constant('__proto__')), tie('any')), { maxLength: 4 })
      .map((members) => {
        const made = {}
        for (const [name, member] of members)
          Object.defineProperty(made, name, {
            value: member,
            enumerable: true,
            configurable: true,
            writable: true,
          })
        return made
      }),
  ),
})).any

describe('a word of a shell', () => {
  test.each(['C', 'C.UTF-8'])('bash in the locale %s reads the same bytes', (locale) => {
    const bytes = fc.uint8Array({ min: 1, maxLength: 60 })
    const words = fc.sample(
      fc.oneof(
        bytes,
        text.map(utf8).filter((one) => !one.includes(0)),
      ),
      2000,
    )
    const line = words.map(shellWord).join(' ')
    expect(line).toMatch(PRINTABLE)
    const { stdout } = spawnSync('bash', {
      input: `printf '%s\\0' ${line}`,
      env: { LC_ALL: locale },
    })
    expect(stdout).toEqual(Buffer.concat(words.flatMap((word) => [word, Uint8Array.of(0)])))
  })

  test('each byte alone and before a digit', () => {
    const words = Array.from({ length: 255 }, (_, at) => Uint8Array.of(at + 1, 0x37))
    const { stdout } = spawnSync('bash', {
      input: `printf '%s\\0' ${words.map(shellWord).join(' ')}`,
    })
    expect(stdout).toEqual(Buffer.concat(words.flatMap((word) => [word, Uint8Array.of(0)])))
  })

  test('has no NUL', () => {
    expect(() => shellWord('a\0b')).toThrow('shellWord: value must not contain NUL')
  })
})

test('JSON is the value again', () => {
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 2), (one, indent) => {
      const written = inertJson(one, indent)
      expect(written).toMatch(indent ? LINES : PRINTABLE)
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(one)))
      expect(JSON.stringify(JSON.parse(written))).toBe(JSON.stringify(one))
    }),
  )
})

test('TypeScript evaluates a source to the value, and bash finds nothing to expand in it', () => {
  fc.assert(
    fc.property(value, (one) => {
      const written = inertSource(one)
      expect(written).toMatch(LINES)
      expect(written).not.toMatch(/[$`]/)
      const source = stripTypeScriptTypes(`const value: unknown = ${written}`)
      const again = runInNewContext(`${source}; JSON.stringify(value)`) as string
      expect(again).toBe(JSON.stringify(one))
    }),
  )
})

test('an answer for an agent says that it came from outside, and is the value again', () => {
  fc.assert(
    fc.property(value, (payload) => {
      const written = inertAnswer({ payload })
      expect(written).toMatch(LINES)
      expect(written).toMatch(/^\{\n {2}"notice": "Data from outside: /)
      const { notice: _, ...rest } = JSON.parse(written) as Record<string, unknown>
      expect(JSON.stringify(rest)).toBe(JSON.stringify({ payload }))
    }),
  )
})

describe('a text for a terminal', () => {
  test.each([false, true])('can be read back; ascii: %s', (ascii) => {
    fc.assert(
      fc.property(text, (one) => {
        const written = inertText(one, { ascii })
        expect(written).not.toMatch(ascii ? /[^ -~]/ : /[\p{C}\p{Zl}\p{Zp}]/u)
        expect(decoded(written)).toBe(one)
      }),
    )
  })

  test('letters, marks, digits, punctuation and symbols of all scripts stay, and nothing else', () => {
    let kept = 0
    for (let code = 0; code <= 0x10_ffff; code++) {
      const sign = String.fromCodePoint(code)
      const stays = /[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/u.test(sign)
      if (stays) kept++
      if ((inertText(sign) === sign) !== stays) expect.fail(`U+${code.toString(16)}`)
    }
    expect(kept).toBeGreaterThan(140_000)
  })

  test('a text without live characters is as it was', () => {
    const path = String.raw`C:\users\postern "it's" {"a":"b\n"} – Zoë שלום 日本語 😀`
    expect(inertText(path)).toBe(path)
  })
})

function utf8(one: string): Uint8Array {
  return new TextEncoder().encode(one)
}

function decoded(written: string): string {
  return written.replaceAll(/\\u\{([\dA-F]+)\}/g, (_, code: string) =>
    String.fromCodePoint(Number.parseInt(code, 16)),
  )
}

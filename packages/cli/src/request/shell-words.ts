import { Buffer } from 'node:buffer'

/**
 * Splits a shell command line into words. Both kinds of quotes, `$'…'` and backslashes are supported. Each character of
 * a returned word stands for one byte. The time is linear, even for 60 KB of spaces.
 */
export function shellWords(text: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  const token =
    /\s+|\$'([^'\\]*(?:\\.[^'\\]*)*)'|'([^']*)'|"([^"\\]*(?:\\.[^"\\]*)*)"|\\(.)|[^\s'"\\$]+|./gs
  for (const [whole, ansi, single, double, escaped] of bytesOf(text).matchAll(token)) {
    if (/^\s/.test(whole)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    const part =
      ansi === undefined
        ? (single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? whole)
        : unescaped(ansi)
    word = (word ?? '') + part
  }
  return word === undefined ? words : [...words, word]
}

function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:u([\dA-Fa-f]{1,4})|x([\dA-Fa-f]{1,2})|([0-7]{1,3})|(.))/gs,
    (_all, u?: string, x?: string, octal?: string, one?: string) => {
      if (u !== undefined) return bytesOf(String.fromCharCode(Number.parseInt(u, 16)))
      if (x !== undefined) return String.fromCharCode(Number.parseInt(x, 16))
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
      return NAMED[one!] ?? one!
    },
  )
}

const NAMED: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001B',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

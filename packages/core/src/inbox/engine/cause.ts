import { createHash } from 'node:crypto'
import type { TaskError } from '../view.ts'

// Maximum length of the hashed name and message, in characters. A handler may throw an error with megabytes of text.
const NAME = 200
const MESSAGE = 8192
// Maximum length of a quoted value, in characters.
const QUOTED = 500
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27,}$/i
const HEXADECIMAL = /^[0-9a-f]{8,}$/i
// Matches several replaced numbers in a row, such as an IP address.
const JOINED = /#(?:[.:/]#)+/g

/**
 * Returns a hash of an error's name and message as 16 hexadecimal digits (`TaskInfo.cause`). Errors with the same
 * meaning get the same hash, since each id, number, e-mail address, URL and quoted value is replaced by `#`.
 *
 * @example
 * causeOf({ name: 'Error', message: 'no order 17' }) === causeOf({ name: 'Error', message: 'no order 18' }) // true
 */
export function causeOf({ name, message }: TaskError): string {
  const text = withoutQuoted(`${name.slice(0, NAME)}\n${message.slice(0, MESSAGE)}`)
  const plain = text.replaceAll(/\S+/g, plainWord).replaceAll(JOINED, '#')
  return createHash('sha256').update(plain).digest('hex').slice(0, 16)
}

function plainWord(word: string): string {
  if (word.includes('://')) return '#'
  const at = word.indexOf('@')
  if (at > 0 && word.includes('.', at)) return '#'
  return word.replaceAll(/[\w-]+/g, (part) =>
    /\d/.test(part) || UUID.test(part) || HEXADECIMAL.test(part) ? '#' : part,
  )
}

/** Replaces each quoted value by `#`. An apostrophe within a word is not a quote. */
function withoutQuoted(text: string): string {
  let plain = ''
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    const end = isQuote(sign) && !isWord(text[at - 1]) ? endOf(text, at, sign) : -1
    if (end < 0) plain += sign
    else {
      plain += '#'
      at = end
    }
  }
  return plain
}

function endOf(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length && at - from <= QUOTED && text[at] !== '\n'; at++)
    if (text[at] === quote && !isWord(text[at + 1])) return at
  return -1
}

function isQuote(sign: string): boolean {
  return sign === '"' || sign === "'" || sign === '`'
}

function isWord(sign: string | undefined): boolean {
  return sign !== undefined && /\w/.test(sign)
}

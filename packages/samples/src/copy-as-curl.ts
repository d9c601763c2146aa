import type { StoredDelivery } from '@postern/core/inbox'
import { shellWord } from '@postern/core/inert'

/** Options of {@link copyAsCurl}. */
export interface CopyAsCurlOptions {
  /**
   * Where it is sent: an origin, such as `http://127.0.0.1:3000`. The host of the delivery goes along as a header.
   * @default the origin of the delivery's URL
   */
  readonly origin?: string
  /**
   * Splits a text of the delivery where it has secrets: `shell` is an expression for each, such as `"$GITHUB_WEBHOOK_SECRET"`.
   * @default every text stands as it is
   */
  readonly parts?: (text: string) => readonly CurlPart[]
}

/** A part of a text: as it is, or an expression of the shell that makes it. */
export type CurlPart = string | { readonly shell: string }

/**
 * A delivery as a curl command that sends the same bytes, for bash: printable ASCII on one line, in which nothing that a
 * stranger sent is live for the shell, for the terminal that it is pasted into, or for curl. What was stripped before the
 * delivery was stored is missing.
 *
 * @throws {TypeError} if no HTTP request can carry it: its URL is not http or https, or has blanks or a user; its method has other
 *   signs than letters.
 * @example
 * console.log(copyAsCurl(delivery)) // curl -X POST 'https://…' --globoff --path-as-is …
 * @see https://curl.se/docs/manpage.html
 */
export function copyAsCurl(
  delivery: Omit<StoredDelivery, 'receivedAt'>,
  { origin, parts = (text) => [text] }: CopyAsCurlOptions = {},
): string {
  const [, base, target] = /^(https?:\/\/[^/?#@\s]+)([^\s\0]*)$/i.exec(delivery.url) ?? []
  if (base === undefined || target === undefined)
    throw new TypeError(
      `copyAsCurl: url must be http or https without blanks and users, got ${delivery.url}`,
    )
  const { method } = delivery
  if (!TOKEN.test(method))
    throw new TypeError(`copyAsCurl: method must be a name such as POST, got ${method}`)
  const word = (text: string, encode: (part: string) => Uint8Array): string =>
    parts(text)
      .map((part) => (typeof part === 'string' ? shellWord(encode(part)) : part.shell))
      .join('')
  const isPlain = /^\/[\w.~!$&'()*+,;=:@/?%-]*$/.test(target)
  const host =
    origin === undefined || origin === base ? [] : [`host: ${base.replace(/^.*\/\//, '')}`]
  const headers = [...host, ...linesOf(delivery.headers)]
  const body = Buffer.from(delivery.body)
  const isInline = body.length <= LONGEST && isText(body)
  const command = [
    // To HEAD no body comes, which curl must know.
    `curl ${method === 'HEAD' ? '--head' : `-X ${/^[A-Z]+$/.test(method) ? method : shellWord(method)}`}`,
    word(isPlain ? (origin ?? base) + target : `${origin ?? base}/`, wire),
    // curl drops #… and would change other signs, but sends a target that is given apart as it is.
    // Without these, curl reads [1-9] and {a,b} in a URL as many URLs, and removes /../ from it.
    '--globoff --path-as-is',
    ...(isPlain || target === '' ? [] : [`--request-target ${word(target, wire)}`]),
    ...headers.map((line) => `-H ${word(line, wire)}`),
    ...(body.length === 0
      ? []
      : isInline
        ? // With --data-binary, a body that begins with @ would name a file of the reader to be sent.
          [`--data-${body[0] === AT ? 'raw' : 'binary'} ${word(body.toString('utf8'), utf8)}`]
        : ['--data-binary @-']),
  ].join(' ')
  return isInline ? command : `base64 -d <<< ${body.toString('base64')} | ${command}`
}

// Linux runs no command with a longer argument than 128 KiB, and each byte takes up to four characters.
const LONGEST = 32_768
const AT = 0x40
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
// What curl writes by itself, or what is about the connection of the delivery. With Expect, curl waits for a reply.
const OF_CURL = new Set([
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'accept-encoding',
  'transfer-encoding',
  'te',
  'upgrade',
  'expect',
])
// What curl adds by itself to what has no such header.
const ADDED = ['accept', 'user-agent', 'content-type', 'expect']

/** The arguments of -H: what the delivery has, and what curl must leave out. */
function linesOf(given: StoredDelivery['headers']): readonly string[] {
  const kept = given.filter(
    ([name, value]) =>
      !OF_CURL.has(name.toLowerCase()) &&
      // No other can have come by HTTP, and curl reads the file of `@name`.
      TOKEN.test(name) &&
      !/[^\P{Cc}\t]/u.test(value.replaceAll(/[\x80-\xff]/g, '')),
  )
  const names = new Set(kept.map(([name]) => name.toLowerCase()))
  return [
    // `name:` takes a header away; `name;` sends an empty one.
    ...kept.map(([name, value]) => (value === '' ? `${name};` : `${name}: ${value}`)),
    ...ADDED.filter((name) => !names.has(name)).map((name) => `${name}:`),
  ]
}

/** The bytes of a URL or a header on the wire: hosts read each byte as a character of Latin-1. */
function wire(text: string): Uint8Array {
  return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : utf8(text)
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

function isText(body: Buffer): boolean {
  return !body.includes(0) && Buffer.from(body.toString('utf8'), 'utf8').equals(body)
}

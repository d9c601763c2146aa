import type { StoredDelivery } from '@postern/core/inbox'
import { shellWord } from '@postern/core/inert'

/** Options of {@link copyAsCurl}. */
export interface CopyAsCurlOptions {
  /**
   * Origin that the command sends to, such as `http://127.0.0.1:3000`. The delivery's own host becomes a `Host` header.
   * @default the origin of the delivery's URL
   */
  readonly origin?: string
  /**
   * Splits a text (URL, header or body) so that no secret is in the command. For each secret, return a `shell`
   * expression, such as `"$GITHUB_WEBHOOK_SECRET"`. @default texts are used unchanged
   */
  readonly parts?: (text: string) => readonly CurlPart[]
  /** Puts each argument on a separate line, so that people can read the command. @default false */
  readonly lines?: boolean
}

/** One part of a text: literal text, or a shell expression that expands to the text. */
export type CurlPart = string | { readonly shell: string }

/**
 * Returns a delivery as a curl command for bash that sends the same bytes. The command is printable ASCII. No text of
 * the delivery can act on the shell, the terminal or curl. Parts that were removed before the delivery was stored are
 * missing.
 *
 * @throws {TypeError} if curl cannot send the delivery: its URL is not http or https, or has spaces or a user name, or
 * its method is not a valid name.
 * @example
 * console.log(copyAsCurl(delivery)) // curl -X POST 'https://…' --globoff --path-as-is …
 * @see https://curl.se/docs/manpage.html
 */
export function copyAsCurl(
  delivery: Omit<StoredDelivery, 'receivedAt'>,
  { origin, parts = (text) => [text], lines = false }: CopyAsCurlOptions = {},
): string {
  const [, base, target] = /^(https?:\/\/[^/?#@\s]+)([^\s\0]*)$/i.exec(delivery.url) ?? []
  if (base === undefined || target === undefined)
    throw new TypeError(
      `copyAsCurl: url must be http or https, without whitespace and credentials, got ${delivery.url}`,
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
    // A reply to HEAD has no body. With `-X HEAD`, curl would wait for a body, so `--head` is used.
    `curl ${method === 'HEAD' ? '--head' : `-X ${/^[A-Z]+$/.test(method) ? method : shellWord(method)}`}`,
    word(isPlain ? (origin ?? base) + target : `${origin ?? base}/`, wire),
    // curl changes a URL, but sends `--request-target` unchanged. Without `--globoff`, curl expands [1-9] and {a,b}.
    // Without `--path-as-is`, curl removes /../.
    '--globoff --path-as-is',
    ...(isPlain || target === '' ? [] : [`--request-target ${word(target, wire)}`]),
    ...headers.map((line) => `-H ${word(line, wire)}`),
    ...(body.length === 0
      ? []
      : isInline
        ? // With --data-binary, a body that starts with @ would name a local file to send.
          [`--data-${body[0] === AT ? 'raw' : 'binary'} ${word(body.toString('utf8'), utf8)}`]
        : ['--data-binary @-']),
  ].join(lines ? ' \\\n  ' : ' ')
  return isInline ? command : `base64 -d <<< ${body.toString('base64')} | ${command}`
}

// Bodies above this number of bytes are not inside the command. Linux limits an argument to 128 KiB, and quoting turns
// one byte into up to four characters.
const LONGEST = 32_768
const AT = 0x40
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
// Headers that curl writes itself, or that describe the connection. With `Expect`, curl would wait for a reply before
// it sends the body.
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
// Headers that curl adds if they are missing.
const ADDED = ['accept', 'user-agent', 'content-type', 'expect']

/** Returns the delivery's headers for -H, and arguments that stop curl from adding headers of its own. */
function linesOf(given: StoredDelivery['headers']): readonly string[] {
  const kept = given.filter(
    ([name, value]) =>
      !OF_CURL.has(name.toLowerCase()) &&
      // A header with another name cannot have arrived over HTTP. For `-H @name`, curl would read a local file.
      TOKEN.test(name) &&
      !/[^\P{Cc}\t]/u.test(value.replaceAll(/[\x80-\xff]/g, '')),
  )
  const names = new Set(kept.map(([name]) => name.toLowerCase()))
  return [
    // For curl, `name:` removes a header, and `name;` sends a header with an empty value.
    ...kept.map(([name, value]) => (value === '' ? `${name};` : `${name}: ${value}`)),
    ...ADDED.filter((name) => !names.has(name)).map((name) => `${name}:`),
  ]
}

/** Returns the bytes that a client sent. Servers read each byte of a URL or header as one Latin-1 character. */
function wire(text: string): Uint8Array {
  return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : utf8(text)
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

function isText(body: Buffer): boolean {
  return !body.includes(0) && Buffer.from(body.toString('utf8'), 'utf8').equals(body)
}

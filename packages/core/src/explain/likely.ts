import type { WebhookError } from '../errors.ts'
import type { Provider } from '../provider/provider.ts'
import { createBounds, type Bounds } from './bounds.ts'
import { hasMilliseconds, clockUnit } from './signature/time.ts'
import { finding, type Finding, type Clue, type PlainRequest, type Reads } from './finding.ts'
import { isUrlSigned } from './trial/groups.ts'
import { missingHeaders } from './signature/headers.ts'
import type { Subject } from './subject.ts'
import { wrongSecret, type SenderSecrets } from './secret/secrets.ts'
import { isPrivateHost } from './url/url-sources.ts'
import { toBuffer, utf8 } from '../body/bytes.ts'
import { bodyClue } from './body/bytes.ts'
import { isInteger } from './body/json.ts'
import { membersOf, tokensOf } from './body/json-layout.ts'

const LOOK = 100

/** What is known about a delivery after all tried changes have failed to make it verify. */
interface Unproven {
  readonly subject: Subject | undefined
  readonly provider: Provider
  readonly error: WebhookError
  readonly reads: Reads
  readonly others: readonly Clue[]
  readonly held: readonly SenderSecrets[]
  /** Time limit for examining the body, in milliseconds. */
  readonly ms: number
}

export function likely({ subject, provider, error, reads, others, held, ms }: Unproven): Finding[] {
  if (!subject) return [finding(noSecret(error), 'likely')]
  const { request } = subject.state
  const gone =
    reads.body || provider.covers.body !== 'none'
      ? lost(request, createBounds(Infinity, Math.min(ms, LOOK)))
      : []
  const inBody = error.code === 'missing_header' && missingHeaders(request, reads).length === 0
  const steps = [
    ...others,
    ...(inBody ? gone : []),
    ...(error.code === 'missing_header' ? [missing(error, provider)] : []),
    ...(error.code === 'malformed_header'
      ? [malformed(error, request.headers, reads, hasMilliseconds(request, reads))]
      : []),
    ...(inBody ? [] : gone),
  ]
  const about = subject.made?.factory.about
  const wrong =
    error.code === 'unknown_sender'
      ? noSecret(error)
      : error.code === 'signature_mismatch'
        ? wrongSecret(held, about)
        : undefined
  const sure = steps.filter(({ guessed }) => guessed !== true)
  const isUrl = error.code === 'signature_mismatch' && isUrlSigned(subject, reads)
  // No sender can call a private host, so the sender signed another URL.
  const isPrivate = isUrl && isPrivateHost(subject.publicUrl ?? request.url)
  const findings = [
    ...sure.map((step) => finding(step, 'likely')),
    ...(isPrivate ? [finding(otherUrl(), 'likely')] : []),
    ...(wrong ? [finding(wrong, sure.length > 0 || isPrivate ? 'possible' : 'likely')] : []),
    ...(isUrl && !isPrivate ? [finding(otherUrl(), 'possible')] : []),
    ...steps.filter(({ guessed }) => guessed).map((step) => finding(step, 'possible')),
  ]
  return findings.length > 0
    ? findings
    : [finding(unexpected(error, about?.title ?? provider.name), 'possible')]
}

function unexpected({ code, message }: WebhookError, title: string): Clue {
  if (code === 'timestamp_too_old' || code === 'timestamp_in_future')
    return {
      cause: code === 'timestamp_too_old' ? 'stale' : 'clock-skew',
      message,
      remedy: 'compare the clock with a time server, or ask the sender to redeliver',
    }
  return {
    cause: 'wrong-provider',
    message: `the delivery is not what ${title} sends: ${message}`,
    remedy: `check that the URL of this receiver was given to ${title}, and that no proxy rewrites requests`,
  }
}

function missing({ message }: WebhookError, { name }: Provider): Clue {
  return {
    cause: 'header-missing',
    message: `${message}, and no other header of the delivery verifies in its place`,
    remedy: `configure the proxy or host in front to forward it; if ${name} did not send it, set a secret for the webhook at the sender`,
  }
}

function malformed(
  error: WebhookError,
  headers: ReadonlyMap<string, readonly string[]>,
  reads: Reads,
  milliseconds: boolean,
): Clue {
  if (error.problem === 'not_a_time')
    return clockUnit(milliseconds ? 'the signed time (in milliseconds)' : 'the signed time')
  const several = [...reads.headers].some((name) => (headers.get(name)?.length ?? 0) > 1)
  const joined = several || error.problem === 'repeated' || error.problem === 'several'
  const prefix = error.problem === 'wrong_prefix'
  return {
    cause: joined ? 'header-joined' : prefix ? 'signature-prefix' : 'signature-encoding',
    message: error.message,
    remedy: 'configure the proxy or host in front to forward the header unchanged',
  }
}

function noSecret({ message }: WebhookError): Clue {
  return {
    cause: 'secret-wrong',
    message,
    remedy: 'give the secret of the endpoint that this delivery belongs to',
  }
}

function otherUrl(): Clue {
  return {
    cause: 'url-host',
    message:
      'the URL is signed too: a proxy may have changed it, and the signed URL cannot be recovered',
    remedy:
      'set publicBase of the adapter to the origin that the sender calls; or set publicUrl if the provider has that option',
  }
}

const MOST = 256 * 1024

/** Returns signs that the body lost information, the clearest first. No sign is a proof. */
function lost(request: PlainRequest, bounds: Bounds): readonly Clue[] {
  const { body, headers } = request
  const found: Clue[] = []
  const declared = Number(headers.get('content-length')?.[0] ?? NaN)
  const coding = headers.get('content-encoding')?.[0]?.toLowerCase()
  if (body.length === 0) {
    if (request.method !== 'GET' && request.method !== 'HEAD') found.push(empty())
    return found
  }
  if (coding !== undefined && /gzip|br|deflate|zstd/.test(coding) && !isCompressed(body, coding))
    found.push(
      bodyClue(
        'body-decompressed',
        `Content-Encoding says ${/gzip|br|deflate|zstd/.exec(coding)![0]}, but the body is not compressed: the compressed bytes that were signed are lost`,
      ),
    )
  const isSmall = body.length <= MOST && !isCompressed(body, 'gzip')
  const text = isSmall ? utf8(body) : ''
  const isOther = found.length === 0 && declared > 0 && declared !== body.length
  // If the body is complete JSON but has another length, it was parsed and rewritten, not truncated.
  const isWhole = isOther && isSmall && tokensOf(text, bounds) !== undefined
  if (isOther && !isWhole && declared > body.length)
    found.push(
      bodyClue('body-truncated', `the body ends after ${body.length} of ${declared} bytes`),
    )
  if (!isSmall) return found
  if (/^\s*(?:\[object Object\]|undefined|\{\s*\}|null)\s*$/.test(text))
    found.push(
      empty(
        `the body is ${text.trim()}, which is what a body parser leaves if it runs before the receiver`,
      ),
    )
  const replaced = text.indexOf('\uFFFD')
  // A U+FFFD at the very end is a character that was cut in half when the body was truncated.
  if (replaced >= 0 && replaced < text.length - 3)
    found.push(
      bodyClue(
        'body-charset',
        `character ${replaced + 1} of the body is U+FFFD: the bytes were decoded with the wrong charset, and the original bytes are lost`,
      ),
    )
  const end = cutAt(text) ?? cutElsewhere(text)
  if (end !== undefined && !found.some(({ cause }) => cause === 'body-truncated'))
    found.push(bodyClue('body-truncated', end))
  const place = rewritten(text, bounds)
  if (place !== undefined && !(place.guessed && isWhole))
    found.push({ ...bodyClue('body-reserialized', ''), ...place })
  else if (isWhole)
    found.push(
      bodyClue(
        'body-reserialized',
        `Content-Length says ${declared} bytes, but the complete body has ${body.length}: it was parsed and written again, and the original bytes are lost`,
      ),
    )
  return found
}

function empty(
  message = 'the body is empty: something read it before the receiver, or a redirect dropped it',
): Clue {
  return bodyClue('body-empty', message)
}

function isCompressed(body: Uint8Array, coding: string): boolean {
  if (coding.includes('gzip')) return body[0] === 0x1f && body[1] === 0x8b
  // Brotli and deflate have no magic bytes. So a body that starts as JSON, XML or a form counts as not compressed.
  return !/^[\s\w{[<"]{4}/.test(utf8(body.subarray(0, 16)))
}

function cutAt(text: string): string | undefined {
  const start = text.trimStart()[0]
  if (start !== '{' && start !== '[') return undefined
  const open: string[] = []
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted) {
      if (character === '\\') at++
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === '{' || character === '[') open.push(character)
    else if (character === '}' || character === ']') open.pop()
  }
  return quoted || open.length > 0
    ? `the body ends inside ${quoted ? 'a string' : open.at(-1) === '{' ? 'an object' : 'an array'} at byte ${toBuffer(text).length}`
    : undefined
}

function cutElsewhere(text: string): string | undefined {
  const root = /^\s*(?:<\?[^>]{0,200}\?>\s*)?(?:<![^>]{0,200}>\s*)*<([A-Za-z_][\w.:-]{0,100})/.exec(
    text,
  )?.[1]
  if (
    root !== undefined &&
    !/\/>\s*$/.test(text.slice(-20)) &&
    !text.trimEnd().endsWith(`</${root}>`)
  )
    return 'the body ends before its root XML element is closed'
  return /^[^\s{[<]+=/.test(text) && /%[\dA-Fa-f]?$/.test(text)
    ? 'the body ends inside an escape of the form'
    : undefined
}

/** Returns a message about the first sign that another program parsed and rewrote the body. */
function rewritten(text: string, bounds: Bounds): Pick<Clue, 'message' | 'guessed'> | undefined {
  const tokens = tokensOf(text, bounds)
  if (!tokens) return undefined
  let objects = 0
  let keys = 0
  let sorted = true
  let rounded: number | undefined
  for (const [at, token] of tokens.entries()) {
    if (at % 1024 === 0 && bounds.over()) return undefined
    if (/^-?\d/.test(token) && isRounded(token)) rounded ??= at
    if (token !== '{') continue
    const names = membersOf(tokens, at).map(({ from }) => tokens[from]!)
    if (names.length > 1 && isInteger(names[0]!) && ascends(names.filter(isInteger).map(integerOf)))
      return {
        message: `an object lists its integer keys first (from ${names[0]!.slice(0, 14)}), as JavaScript does; their original order is lost`,
      }
    if (names.length < 2) continue
    objects++
    keys += names.length
    sorted &&= ascends(names)
  }
  if (sorted && keys >= 5 && objects > 0)
    return {
      message: `all keys of its ${objects} objects are sorted, as after a parser that sorts keys: their original order is lost`,
    }
  // This is only a guess: senders use such numbers too, such as an id of 18 digits that ends in zeros.
  return rounded === undefined
    ? undefined
    : {
        message: `JSON token ${rounded + 1} is a number that JavaScript cannot hold exactly, and it looks rounded: digits may be lost`,
        guessed: true,
      }
}

function integerOf(token: string): number {
  return Number(token.slice(1, -1))
}

function ascends<T>(values: readonly T[]): boolean {
  return values.every((value, at) => at === 0 || values[at - 1]! <= value)
}

function isRounded(token: string): boolean {
  const value = Number(token)
  if (!Number.isFinite(value) || Math.abs(value) <= Number.MAX_SAFE_INTEGER) return false
  return String(value) === token
}

import { createDelivery, WebhookError, type Delivery } from '@postern/core'
import {
  checkTimestamp,
  formToObject,
  hmacAlgorithm,
  mismatch,
  parseMultipart,
  parseTimestamp,
  stringifyJson,
  type Scheme,
} from '@postern/core/scheme'
import { FORM_TYPE } from '../common/units.ts'
import { field, text } from '../common/read.ts'

/** What Mailgun puts into a body to be verified by. */
interface Claim {
  readonly timestamp: string | undefined
  readonly token: string | undefined
  readonly signatures: readonly (string | undefined)[]
}

const sha256 = hmacAlgorithm()

/**
 * Mailgun's signature inside the body: HMAC-SHA256 over time and token. Events of subaccounts have a second one, made
 * with the key of the primary account.
 *
 * @param tolerance - seconds, in the past and in the future.
 */
export function mailgunScheme(tolerance: number): Scheme<Uint8Array> {
  return {
    covers: { body: 'none', timestamp: true },
    credentials: { fields: ['signature'] },
    key: (secret) => sha256.key(secret),
    verify(delivery, keys, now) {
      const check = (claim: Claim): number => verifyClaim(claim, keys, now, tolerance)
      const claim = readClaim(delivery)
      return 'then' in claim ? claim.then(check) : check(claim)
    },
    sign(request, key, now) {
      const timestamp = String(Math.floor(now / 1000))
      const token = crypto.randomUUID().replaceAll('-', '').padEnd(50, '0')
      const signature = sha256.sign!(key, timestamp + token)
      const block = { timestamp, token, signature }
      const delivery = createDelivery(request)
      const body = request.headers['content-type']?.startsWith(FORM_TYPE)
        ? `${delivery.text()}&${new URLSearchParams(block).toString()}`
        : stringifyJson({ signature: block, ...(delivery.json('exact') as object) })
      return { ...request, body: new TextEncoder().encode(body) }
    },
  }
}

/** The last value of a form's field: variables of a message may use the names of Mailgun's own, which come after them. */
export function lastValue(fields: unknown, name: string): string | undefined {
  const found = field(fields, name)
  return text({ found: Array.isArray(found) ? (found.at(-1) as unknown) : found }, 'found')
}

function readClaim(delivery: Delivery): Claim | Promise<Claim> {
  if (delivery.format === 'multipart')
    return parseMultipart(delivery.body, { fields: delivery.limits.unverified.parts }).then(
      ({ fields }) => ofForm(fields),
    )
  if (delivery.format === 'form') return ofForm(formToObject(delivery.form()))
  const block = field(delivery.json(), 'signature')
  return {
    timestamp: text(block, 'timestamp'),
    token: text(block, 'token'),
    signatures: [text(block, 'signature'), text(block, 'parent-signature')],
  }
}

function ofForm(fields: unknown): Claim {
  return {
    timestamp: lastValue(fields, 'timestamp'),
    token: lastValue(fields, 'token'),
    signatures: [lastValue(fields, 'signature')],
  }
}

function verifyClaim(
  { timestamp, token, signatures }: Claim,
  keys: readonly Uint8Array[],
  now: number,
  tolerance: number,
): number {
  const given = signatures.filter((one) => one !== undefined)
  if (timestamp === undefined || token === undefined || given.length === 0)
    throw new WebhookError(
      'missing_header',
      'the body has no signature, timestamp and token that are texts',
    )
  const time = parseTimestamp(timestamp, 'timestamp (of the body)')
  const found = keys.findIndex((key) => sha256.matches(key, timestamp + token, given))
  if (found < 0) throw mismatch('signature (of the body)', keys.length)
  checkTimestamp(time, now, tolerance)
  return found
}

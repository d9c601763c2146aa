import { createDelivery, WebhookError, type Delivery } from '@postern/core'
import {
  mergeDeep,
  stringifyJson,
  toleranceOption,
  checkTimestamp,
  formToObject,
  hmacAlgorithm,
  mismatch,
  parseMultipart,
  parseTimestamp,
} from '@postern/core/internal'
import type { EventDraft, Factory, ParsedBody, Guard, Scheme } from '@postern/core/scheme'
import { HOUR, MIB, FORM_TYPE } from './common/units.ts'
import { field, narrowed, text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'

const sha256 = hmacAlgorithm()

/**
 * Mailgun: event webhooks (JSON), inbound routes and older webhooks (forms, also with attachments). The signature is in
 * the body and covers only a time and a random token, so only TLS protects the payload. A token belongs to one event.
 * Within the dedupe window, a delivery that has the token of another event is rejected. The topic is the event, or
 * `inbound` for a route. For a failure, the severity follows (`failed.permanent`; `failed` matches too). The id is the
 * event's id, or else the token. To accept events of subaccounts too, use the signing key of the primary account.
 * Mailgun does not say whether a retry is signed again, so the default tolerance is 9 hours. Retries end after 8 hours.
 * Mailgun does not retry after a 200 or 406.
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
export const mailgun: Factory<DatedPresetOptions<'signingKey'>> = /* @__PURE__ */ sender({
  name: 'mailgun',
  title: 'Mailgun',
  docs: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks',
  setup: {
    steps: ['Control Panel', 'Webhooks'],
    secret: 'the Webhook Signing Key of the account',
    docs: 'https://github.com/mailgun/documentation/blob/master/source/user_manual.rst',
  },
  notSecret: [[/^pubkey-/, 'a key for the API']],
  topics: ['delivered', 'failed.permanent', 'failed.temporary', 'opened', 'clicked', 'inbound'],
  facts: {
    scheme: 'HMAC-SHA256 of time and token in the body, hex; the rest is not signed',
    place: { field: 'signature' },
    tolerance: 32_400,
  },
  checked: '2026-11-28',
  delivers: {
    retries: 8 * HOUR,
    after4xx: 'retried, but 406',
    ok: '200',
    source: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries',
  },
  formats: ['json', 'form', 'multipart'],
  secret: 'signingKey',
  hint: 'Webhook signing key of the account.',
  covers: { body: 'none', timestamp: true },
  sign: ({ tolerance }) => mailgunScheme(toleranceOption(tolerance, 9 * 3600)),
  limits: { body: 25 * MIB },
  events: (_delivery, body) => [body.kind === 'json' ? eventOf(body.value) : formEvent(body)],
  compose({ topic = 'delivered', id, at = Date.now(), payload }) {
    const [event, severity] = topic.split('.', 2)
    const data = { event, severity, id: id ?? crypto.randomUUID(), timestamp: at / 1000 }
    return { body: stringifyJson({ 'event-data': mergeDeep({ ...data }, payload) }) }
  },
})

function eventOf(payload: unknown): EventDraft {
  const data = field(payload, 'event-data')
  const token = text(field(payload, 'signature'), 'token')
  const id = text(data, 'id') ?? token
  const event = text(data, 'event') ?? ''
  const severity = event === 'failed' ? text(data, 'severity') : undefined
  return { id, ...narrowed(event, severity), payload, guards: guarded(token) }
}

function formEvent({ kind, value }: ParsedBody): EventDraft {
  const fields = kind === 'multipart' ? field(value, 'fields') : value
  const { signature: _signature, ...kept } = fields as Record<string, unknown>
  const token = lastValue(fields, 'token')
  return {
    id: token,
    topic: lastValue(fields, 'event') ?? 'inbound',
    payload: kind === 'multipart' ? { ...(value as object), fields: kept } : kept,
    guards: guarded(token),
  }
}

// The signature does not cover the payload, so an attacker could put a captured token into a forged event. The guard
// makes the inbox reject a second event with the same token.
function guarded(token: string | undefined): readonly Guard[] {
  return token === undefined ? [] : [{ key: `mailgun-token:${token}`, otherwise: 'reject' }]
}

interface Claim {
  readonly timestamp: string | undefined
  readonly token: string | undefined
  readonly signatures: readonly (string | undefined)[]
}

/** Creates the scheme. Events of subaccounts have a second signature, made with the primary account's key. */
function mailgunScheme(tolerance: number): Scheme<Uint8Array> {
  return {
    covers: { body: 'none', timestamp: true },
    credentials: { fields: ['signature'] },
    signatures: ['signature'],
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

/**
 * Returns the last value of a field. The app's own variables may have the same names as Mailgun's fields, which come
 * last in the form.
 */
function lastValue(fields: unknown, name: string): string | undefined {
  const found = field(fields, name)
  return text({ found: Array.isArray(found) ? (found.at(-1) as unknown) : found }, 'found')
}

function readClaim(delivery: Delivery): Claim | Promise<Claim> {
  if (delivery.format === 'multipart')
    return parseMultipart(delivery.body, {
      fields: delivery.limits.unverified.parts,
      option: 'limits.unverified.parts',
    }).then(({ fields }) => ofForm(fields))
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
    throw new WebhookError('missing_header', {
      problem: 'missing',
      field: 'signature',
      expected: 'signature, timestamp and token as strings',
    })
  const time = parseTimestamp(timestamp, 'timestamp (of the body)')
  const found = keys.findIndex((key) => sha256.matches(key, timestamp + token, given))
  if (found < 0) throw mismatch({ field: 'signature' }, keys.length)
  checkTimestamp(time, now, tolerance)
  return found
}

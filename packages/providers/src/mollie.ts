import { WebhookError, type Delivery, type SecretOption } from '@postern/core'
import { hmac, type Factory } from '@postern/core/scheme'
import type { SignatureClaim } from '@postern/core/internal'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { needed, text } from './common/read.ts'
import { sampleJson } from './common/paths.ts'

/** Options of {@link mollie}: `signingSecret` for next-gen webhooks, or `unauthenticated` for classic ones. */
export interface MollieOptions {
  /** The signing secret of a next-gen webhook. With a secret, an unsigned delivery is rejected. */
  readonly signingSecret?: SecretOption
  /**
   * If true, accepts classic webhooks, which are not signed. A classic webhook has only the id of an object to fetch.
   * Anybody can send one. @default false
   */
  readonly unauthenticated?: boolean
}

/**
 * Mollie. Next-gen webhooks are signed: HMAC-SHA256 over the body, in `X-Mollie-Signature`, with or without the prefix
 * `sha256=`. While secrets rotate, there are several signatures. The topic of a next-gen webhook is `type`
 * (`payment-link.paid`) and the id is `id`. Classic webhooks are not signed: the body is a form with the id of an
 * object to fetch. Their topic is the prefix of that id (`tr`; `payment` matches too). Classic webhooks have no event
 * id, because Mollie sends the same form for each change of status. Mollie expects a 200 within 15 s, even for ids that
 * you do not know. Mollie tries ten times over 26 hours.
 * https://docs.mollie.com/reference/webhooks-new
 */
export const mollie: Factory<MollieOptions> = /* @__PURE__ */ provider({
  name: 'mollie',
  title: 'Mollie',
  docs: 'https://docs.mollie.com/reference/webhooks-new',
  setup: {
    call: 'POST https://api.mollie.com/v2/webhooks',
    secret: 'the secret in the answer of that call',
  },
  notSecret: [
    [/^(?:live|test)_[A-Za-z\d]{30,}$/, 'a key for the API'],
    [/^access_/, 'an access token'],
  ],
  topics: ['payment-link.paid', 'sales-invoice.created', 'profile.verified', 'tr', 'ord', 'pl'],
  facts: { checked: '2026-11-26', delivers: { within: 15_000, retries: 26 * HOUR, ok: '200' } },
  options: {
    signingSecret: 'Signing secret of a next-gen webhook.',
    unauthenticated: 'Accepts classic webhooks, which are not signed. Default false.',
  },
  formats: ['json', 'form'],
  secret: 'signingSecret',
  covers: { body: 'bytes', id: true },
  scheme: () => hmac({ header: HEADER, prefix: 'sha256=', read, present: isSigned }),
  events(_delivery, { kind, value }) {
    if (kind !== 'form')
      return [{ id: text(value, 'id'), topic: needed(value, 'type'), payload: value }]
    const topic = needed(value, 'id').split('_')[0]!
    const object = Object.hasOwn(OBJECTS, topic) ? OBJECTS[topic] : undefined
    return [{ topic, ...(object !== undefined && { aliases: [object] }), payload: value }]
  },
  compose: ({ topic = 'payment-link.paid', id = 'event_GvJ8WHrp5isUdRub9CJyH', payload }) => ({
    body: sampleJson({ resource: 'event', id, type: topic }, payload),
  }),
})

const HEADER = 'X-Mollie-Signature'
const MOST = 20
const OBJECTS: Readonly<Record<string, string>> = {
  tr: 'payment',
  ord: 'order',
  pl: 'payment-link',
  sub: 'subscription',
}

const isSigned = (head: Delivery): boolean => head.header(HEADER) !== undefined

function read(delivery: Delivery): SignatureClaim {
  const given = delivery.headers(HEADER).flatMap((line) => line.split(','))
  const signatures = given.map((one) => one.trim().replace(/^sha256=/, '')).filter(Boolean)
  if (signatures.length === 0)
    throw new WebhookError('missing_header', { problem: 'missing', header: HEADER })
  if (signatures.length > MOST)
    throw new WebhookError('malformed_header', {
      problem: 'too_many',
      header: HEADER,
      limit: MOST,
      expected: 'signatures',
    })
  return { signatures }
}

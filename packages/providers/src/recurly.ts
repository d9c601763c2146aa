import type { Delivery } from '@postern/core'
import { malformed, singleHeader, type SignatureClaim } from '@postern/core/internal'
import { hmac, type EventDraft, type Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { narrowed, needed } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const HEADER = 'recurly-signature'

/**
 * Recurly's JSON webhooks; its XML webhooks are not signed. The signature is HMAC-SHA256 over `time.body`, with the
 * time in milliseconds. An old key stays valid for 24 hours, so a delivery may have several signatures, of which one
 * must match. The topic is `object_type.event_type` (`account.created`; `account` matches too). The member `id`
 * identifies the object, so the event's id is `id:event_type:event_time`, with the `uuid` if there is one. Recurly
 * expects a 2xx within 5 s, follows no redirect, and retries ten times over about 73 hours.
 * https://docs.recurly.com/docs/signature-verification
 */
export const recurly: Factory<DatedPresetOptions<'secretKey'>> = /* @__PURE__ */ sender({
  name: 'recurly',
  title: 'Recurly',
  docs: 'https://docs.recurly.com/docs/signature-verification',
  setup: {
    place: 'the webhook settings of the Recurly Admin UI',
    secret: 'the secret key of the endpoint',
    docs: 'https://docs.recurly.com/recurly-subscriptions/docs/webhooks',
  },
  topics: ['account.created', 'subscription.renewed', 'charge_invoice.paid'],
  facts: { tolerance: 300 },
  checked: '2026-11-28',
  delivers: {
    retries: 74 * HOUR,
    redirect: 'failure',
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://docs.recurly.com/recurly-subscriptions/docs/automatic-retries',
  },
  secret: 'secretKey',
  covers: { body: 'bytes', id: true, timestamp: true },
  sign: ({ tolerance }) =>
    hmac({
      header: HEADER,
      timestampUnit: 'ms',
      tolerance,
      read,
      needs: [HEADER],
      write: (signature, time) => ({ [HEADER]: `${time},${signature}` }),
      message: '{time}.{body}',
    }),
  events: (_delivery, { value }) => [eventOf(value)],
  compose({ topic = 'account.created', at = Date.now(), payload }) {
    const [object_type, event_type] = topic.split('.', 2)
    const event_time = new Date(at).toISOString()
    const event = { id: 'rjxwmwedwqug', object_type, event_type, event_time }
    return { body: sampleJson({ ...event }, payload) }
  },
})

const MOST = 20

function read(delivery: Delivery): SignatureClaim {
  const [timestamp = '', ...signatures] = singleHeader(delivery, HEADER).split(',')
  // A number among the signatures is a second timestamp. In that case, a framework or a proxy has joined two headers.
  const areSignatures = signatures.every((one) => /^(?!\d{1,14}$)\S+$/.test(one))
  if (signatures.length === 0 || signatures.length > MOST || !areSignatures)
    throw malformed(
      { header: HEADER },
      '<milliseconds>,<signature>, with more signatures after commas',
    )
  return { timestamp, signatures }
}

function eventOf(payload: unknown): EventDraft {
  const kind = needed(payload, 'object_type')
  const id = joinedId(payload, 'id', 'event_type', 'event_time')
  const uuid = joinedId(payload, 'uuid')
  return {
    id: id === undefined || uuid === undefined ? id : `${id}:${uuid}`,
    ...narrowed(kind, needed(payload, 'event_type')),
    payload,
  }
}

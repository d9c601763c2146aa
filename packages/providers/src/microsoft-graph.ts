import { Buffer } from 'node:buffer'
import { emptyReply, WebhookError } from '@postern/core'
import { mergeDeep, mismatch, safeEqual, stringifyJson } from '@postern/core/internal'
import type { EventDraft, Factory, Scheme } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { field, items, needed, text } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

// Allowed form of a validation token. Microsoft sends a sentence, or letters and digits. Characters of JSON and markup
// are rejected.
const VALIDATION_TOKEN = /^[^{}[\]<>"]{1,2048}$/

const CLIENT_STATE: Scheme<string> = {
  covers: { body: 'none' },
  // Notifications with resource data also have validation tokens, which must not be stored either.
  credentials: { fields: ['value[].clientState', 'validationTokens[]'] },
  key: (secret) => secret,
  verify(delivery, keys) {
    let found = -1
    for (const item of items(delivery.json(), 'value')) {
      const given = text(item, 'clientState') ?? ''
      const at = keys.findIndex((key) => safeEqual(key, given))
      if (at < 0) throw mismatch({ field: 'clientState' }, keys.length)
      found = found < 0 ? at : found
    }
    if (found < 0)
      throw new WebhookError('malformed_event', {
        problem: 'missing',
        field: 'value',
        expected: 'a notification',
      })
    return found
  },
  sign(request, clientState) {
    const { value } = JSON.parse(Buffer.from(request.body).toString()) as { value: object[] }
    const body = stringifyJson({ value: value.map((item) => ({ ...item, clientState })) })
    return { ...request, body: Buffer.from(body) }
  },
}

/**
 * Microsoft Graph change notifications. Nothing is signed, so `clientState` must be right in every notification. If any
 * `clientState` is wrong, nothing is accepted, and the reply is the 202 that Microsoft asks for. A delivery is a batch.
 * The topic is for example `#Microsoft.Graph.Message.created`, or a lifecycle event (`subscriptionRemoved`). The id is
 * made of subscription, resource, change and etag, if there is an etag. The receiver answers the validation of an
 * endpoint (`?validationToken=`). `encryptedContent` stays encrypted. Graph expects a 2xx within 10 s and retries for 4
 * hours.
 * https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
 */
export const microsoftGraph: Factory<PresetOptions<'clientState'>> = /* @__PURE__ */ sender({
  name: 'microsoft-graph',
  title: 'Microsoft Graph',
  docs: 'https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks',
  setup: {
    call: 'POST https://graph.microsoft.com/v1.0/subscriptions, with notificationUrl',
    secret: 'the text that you send as clientState',
  },
  topics: ['#Microsoft.Graph.Message.created', 'subscriptionRemoved', 'missed'],
  handshakes: ['validationToken'],
  facts: {
    scheme: 'secret in each notification; nothing is signed',
    place: { field: 'value[].clientState' },
  },
  checked: '2026-11-28',
  delivers: { within: 10_000, retries: 4 * HOUR, ok: '2xx', after4xx: 'retried' },
  hint: 'The clientState subscriptions were made with.',
  greets: 'body',
  challenge: VALIDATION_TOKEN,
  secret: 'clientState',
  covers: { body: 'none' },
  sign: () => CLIENT_STATE,
  greet(delivery) {
    // An attacker could add a token to a notification, because the query is not signed. To prevent this, a validation
    // must have no body.
    if (delivery.body.byteLength > 0) return undefined
    const tokens = delivery.query().getAll('validationToken')
    if (tokens.length === 0) return undefined
    if (tokens.length > 1 || !VALIDATION_TOKEN.test(tokens[0]!))
      throw new WebhookError('handshake_rejected', {
        problem: 'malformed',
        parameter: 'validationToken',
        expected: 'there once, as a string',
      })
    const headers = { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }
    return { status: 200, headers, body: tokens[0]! }
  },
  events: (_delivery, { value }) => items(value, 'value').map(eventOf),
  reply: (result) =>
    result.kind !== 'rejected' || result.error.code === 'signature_mismatch'
      ? emptyReply(202)
      : undefined,
  compose: ({ topic = '#Microsoft.Graph.Message.created', payload }) => {
    const dot = topic.lastIndexOf('.')
    const [type, changeType] = dot < 0 ? [] : [topic.slice(0, dot), topic.slice(dot + 1)]
    const change = { changeType, resourceData: { '@odata.type': type } }
    const ids = { subscriptionId: crypto.randomUUID(), resource: 'me/messages/1' }
    return { body: stringifyJson({ value: [mergeDeep({ ...ids, ...change }, payload)] }) }
  },
})

function eventOf(item: unknown): EventDraft {
  const { clientState: _, ...payload } = item as { clientState?: unknown }
  const lifecycle = text(item, 'lifecycleEvent')
  if (lifecycle !== undefined) return { topic: lifecycle, payload }
  const data = field(item, 'resourceData')
  const type = text(data, '@odata.type')
  const change = needed(item, 'changeType')
  const etag = text(data, '@odata.etag')
  const id = joinedId({ ...payload, etag }, 'subscriptionId', 'resource', 'changeType', 'etag')
  return { id, topic: type === undefined ? change : `${type}.${change}`, payload }
}

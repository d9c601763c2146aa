import { emptyReply, WebhookError, type Delivery } from '@postern/core'
import { mergeDeep, parseJson, stringifyJson, type SignedMessage } from '@postern/core/internal'
import { hmac, type EventDraft, type Factory, type Scheme } from '@postern/core/scheme'
import { FORM_TYPE, MIB } from './common/units.ts'
import { member, needed, text } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { sender, type UrlPresetOptions } from './schemes/sender.ts'

const HEADER = 'X-Mandrill-Signature'
const FIELD = 'mandrill_events'
const TEST_KEY = new TextEncoder().encode('test-webhook')

/**
 * Mandrill (Mailchimp Transactional): message, inbound and sync events. The signature is HMAC-SHA1 over the URL and the
 * decoded form fields, in `X-Mandrill-Signature`. The signed URL is the text that you entered, with user name and
 * password. Each URL has its own key. A delivery is a batch of up to 1000 events. Each event has its own id,
 * `_id:event:ts`, but inbound events have no id. The topic is `event`, or a topic such as `blacklist.add` for a sync
 * event. The receiver answers the unsigned HEAD request of a new webhook. Mandrill signs the empty test batch with the
 * publicly known key `test-webhook`. No other delivery may use that key. Mandrill expects a 200.
 * https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/
 */
export const mandrill: Factory<UrlPresetOptions<'webhookKey'>> = /* @__PURE__ */ sender({
  name: 'mandrill',
  title: 'Mandrill',
  docs: 'https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/',
  setup: {
    steps: ['Webhooks', 'Add a Webhook'],
    call: 'POST /webhooks/add',
    secret: 'the key of the webhook',
  },
  notSecret: [[/^md-/, 'a key for the API']],
  topics: ['send', 'delivered', 'hard_bounce', 'open', 'click', 'spam', 'inbound', 'blacklist.add'],
  handshakes: ['HEAD when the webhook is added', 'empty test batch signed with test-webhook'],
  facts: {
    scheme: 'HMAC-SHA1 of {url} and the sorted form, base64',
  },
  checked: '2026-11-26',
  delivers: { ok: '200' },
  extra: {
    publicUrl: 'The URL as it was entered in Mandrill. Default: the URL of the request.',
  },
  formats: ['form'],
  secret: 'webhookKey',
  covers: { body: 'fields', url: true, id: true },
  sign: (_given, options: PublicUrlOption) => urlScheme('mandrill', options, scheme),
  methods: ['POST', 'HEAD'],
  limits: { body: 32 * MIB },
  greet: (delivery) => (delivery.method === 'HEAD' ? emptyReply() : undefined),
  events: (delivery) => batch(delivery).map(toEvent),
  compose({ topic = 'send', id, payload }) {
    const [_id = 'abc123abc123abc123abc123abc123', , ts = '1365109999'] = id?.split(':') ?? []
    const event = mergeDeep({ event: topic, _id, ts: Number(ts) }, payload)
    return {
      headers: { 'content-type': FORM_TYPE, 'user-agent': 'Mandrill-Webhook/1.0' },
      body: new URLSearchParams({ [FIELD]: stringifyJson([event]) }).toString(),
    }
  },
})

function scheme(url: (delivery: Delivery) => string): Scheme<Uint8Array> {
  const own = hmac({
    header: HEADER,
    algorithm: 'sha1',
    encoding: 'base64',
    covers: { body: 'fields', id: true },
    url,
    message: (delivery): SignedMessage => {
      const fields = [...delivery.form()].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      return [url(delivery), ...fields.flat()]
    },
  })
  return {
    ...own,
    verify(delivery, keys, now) {
      if (isEmpty(delivery)) return own.verify(delivery, [...keys, TEST_KEY], now)
      const found = own.verify(delivery, keys, now)
      // The test key is public, so a delivery with events must not use it.
      if (typeof found === 'number' && isTestKey(keys[found]!))
        throw new WebhookError('signature_mismatch', {
          problem: 'public_key',
          header: HEADER,
          got: 'the test key',
        })
      return found
    },
  }
}

function isTestKey(key: Uint8Array): boolean {
  return key.length === TEST_KEY.length && key.every((byte, at) => byte === TEST_KEY[at])
}

function isEmpty(delivery: Delivery): boolean {
  const given = delivery.form().getAll(FIELD)
  return given.length === 1 && given[0]!.trim() === '[]'
}

function batch(delivery: Delivery): readonly unknown[] {
  const given = delivery.form().getAll(FIELD)
  const events =
    given.length === 1 ? parseJson(given[0]!, { depth: delivery.limits.depth }) : undefined
  if (!Array.isArray(events))
    throw new WebhookError('malformed_event', {
      problem: 'missing',
      field: FIELD,
      expected: 'one field with an array',
    })
  return events
}

function toEvent(event: unknown): EventDraft {
  const topic = text(event, 'event')
  if (topic !== undefined)
    return { id: joinedId(event, '_id', 'event', 'ts'), topic, payload: event }
  const whose = member(event, 'reject.email') === undefined ? 'entry.email' : 'reject.email'
  return {
    id: joinedId(event, 'type', 'action', whose, 'ts'),
    topic: `${needed(event, 'type')}.${needed(event, 'action')}`,
    payload: event,
  }
}

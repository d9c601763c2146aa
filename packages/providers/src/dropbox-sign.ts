import { textReply, WebhookError, type Delivery } from '@postern/core'
import {
  hmacAlgorithm,
  mergeDeep,
  mismatch,
  parseJson,
  parseMultipart,
  stringifyJson,
} from '@postern/core/internal'
import type { Factory, Scheme, SignableRequest } from '@postern/core/scheme'
import { joined } from './schemes/ids.ts'
import { at, member, text } from './common/read.ts'
import { DAY } from './common/units.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

const ID = [
  'event.event_hash',
  'signature_request.signature_request_id',
  'event.event_metadata.related_signature_id',
]

const SCHEME: Scheme<Uint8Array> = {
  covers: { body: 'none' },
  key: (secret) => ALGORITHM.key(secret),
  async verify(delivery, keys) {
    const event = at(await eventOf(delivery), 'event')
    const [hash, time, type] = ['event_hash', 'event_time', 'event_type'].map((name) =>
      member(event, name),
    )
    if (hash === undefined || time === undefined || type === undefined)
      throw new WebhookError('missing_header', {
        problem: 'missing',
        field: 'json.event.event_hash',
        expected: 'event_hash, event_time and event_type',
      })
    const found = keys.findIndex((key) => ALGORITHM.matches(key, time + type, [hash]))
    if (found < 0) throw mismatch({ field: 'json.event.event_hash' }, keys.length)
    return found
  },
  sign(request: SignableRequest, key) {
    // `compose` wrote this body, so the event's JSON is between the first empty line and the boundary.
    const [, json] = new TextDecoder().decode(request.body).split(/\r\n\r\n|\r\n--postern--/)
    const value = jsonOf(undefined, json)
    const [time = '', type = ''] = ['event.event_time', 'event.event_type'].map((path) =>
      member(value, path),
    )
    const signed = mergeDeep(value as object, {
      event: { event_hash: ALGORITHM.sign!(key, time + type) },
    })
    return { ...request, body: new TextEncoder().encode(formOf(signed)) }
  },
}

/**
 * Dropbox Sign (HelloSign). A delivery is a multipart form with the event as JSON in its field `json`.
 * `event.event_hash` is the HMAC-SHA256 of time and type, in hex. **The rest of the body is not signed**: fetch the
 * signature request from the API. The topic is `event.event_type`. The id is made of `event_hash`, the id of the
 * signature request and the id of the signature. The receiver answers with the text `Hello API Event Received`, which
 * Dropbox Sign expects.
 * https://developers.hellosign.com/docs/events/walkthrough
 */
export const dropboxSign: Factory<PresetOptions<'apiKey'>> = /* @__PURE__ */ sender({
  name: 'dropbox-sign',
  title: 'Dropbox Sign',
  docs: 'https://developers.hellosign.com/docs/events/walkthrough',
  setup: {
    steps: ['Settings', 'API', 'Account callback'],
    secret: 'the API key of the account',
  },
  topics: ['signature_request_sent', 'signature_request_signed', 'signature_request_all_signed'],
  secret: 'apiKey',
  formats: ['multipart'],
  covers: { body: 'none' },
  sign: () => SCHEME,
  facts: {
    scheme: 'HMAC-SHA256 of event_time and event_type, hex; the body is not signed',
    place: { field: 'json.event.event_hash' },
  },
  checked: '2026-11-28',
  delivers: {
    retries: 3 * DAY,
    after4xx: 'retried',
    ok: '200 with the text Hello API Event Received',
    source: 'https://developers.hellosign.com/api/manual-reference-pages/glossary/callbacks-events',
  },
  reply: (result) =>
    result.kind === 'rejected' ? undefined : textReply('Hello API Event Received'),
  events: (delivery, { value }) => {
    const event = jsonOf(delivery, text(at(value, 'fields'), 'json'))
    const parts = ID.map((path) => member(event, path)).filter((part) => part !== undefined)
    return [
      {
        id: joined(parts) || undefined,
        topic: member(event, 'event.event_type') ?? '',
        payload: event,
      },
    ]
  },
  compose: ({ topic = 'signature_request_sent', payload, at: now = Date.now() }) => {
    const event = { event_type: topic, event_time: String(Math.floor(now / 1000)) }
    return {
      headers: { 'content-type': 'multipart/form-data; boundary=postern' },
      body: formOf(mergeDeep({ event }, payload)),
    }
  },
})

const ALGORITHM = /* @__PURE__ */ hmacAlgorithm()

async function eventOf(delivery: Delivery): Promise<unknown> {
  const { fields } = await parseMultipart(delivery.body, {
    fields: delivery.limits.unverified.parts,
    option: 'limits.unverified.parts',
  })
  return jsonOf(delivery, text(fields, 'json'))
}

function jsonOf(delivery: Delivery | undefined, json: string | undefined): unknown {
  return parseJson(json ?? '', {
    depth: delivery?.limits.unverified.depth ?? 32,
    option: 'limits.unverified.depth',
  })
}

function formOf(value: unknown): string {
  const part = 'content-disposition: form-data; name="json"'
  return `--postern\r\n${part}\r\n\r\n${stringifyJson(value)}\r\n--postern--\r\n`
}

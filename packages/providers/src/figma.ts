import { createDelivery, WebhookError, type ErrorDetails } from '@postern/core'
import { factsOf, mismatch, safeEqual, stringifyJson } from '@postern/core/internal'
import type { EventDraft, Factory, Scheme } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { field, needed } from './common/read.ts'
import { digestId, joinedId } from './schemes/ids.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const SCHEME: Scheme<string> = {
  covers: { body: 'none' },
  credentials: { fields: ['passcode'] },
  key(secret) {
    if (secret.length <= 100) return secret
    throw new TypeError('the passcode must have at most 100 characters')
  },
  verify(delivery, keys) {
    const given = field(delivery.json(), 'passcode')
    if (typeof given !== 'string')
      throw rejected('missing_header', { problem: 'missing', field: 'passcode' })
    const found = keys.map((key) => safeEqual(key, given)).indexOf(true)
    if (found < 0)
      throw rejected('signature_mismatch', factsOf(mismatch({ field: 'passcode' }, keys.length)))
    return found
  },
  sign(request, passcode) {
    const body = createDelivery(request).json('exact') as object
    return { ...request, body: new TextEncoder().encode(stringifyJson({ ...body, passcode })) }
  },
}

/**
 * Figma (Webhooks V2). Nothing is signed: the passcode is in the body, so only TLS protects a delivery. The passcode is
 * removed before the inbox stores the event. The topic is `event_type` (`FILE_UPDATE`). Figma sends no event id, so the
 * id is `webhook_id:event_type:file_key:timestamp`, followed by the id of the comment or version. Figma may publish a
 * library in several events, so the id of such an event ends with a digest. A delivery with a wrong passcode gets a
 * 400, after which Figma stops the webhook. Figma retries three times, after 5 minutes, half an hour and 3 hours.
 * https://developers.figma.com/docs/rest-api/webhooks-security/
 */
export const figma: Factory<PresetOptions<'passcode'>> = /* @__PURE__ */ sender({
  name: 'figma',
  title: 'Figma',
  docs: 'https://developers.figma.com/docs/rest-api/webhooks-security/',
  setup: {
    call: 'POST https://api.figma.com/v2/webhooks',
    secret: 'the text that you send as passcode',
    docs: 'https://developers.figma.com/docs/rest-api/webhooks-endpoints/',
  },
  notSecret: [[/^figd_/, 'a token for the API']],
  topics: ['FILE_UPDATE', 'FILE_VERSION_UPDATE', 'FILE_COMMENT', 'LIBRARY_PUBLISH', 'PING'],
  facts: {
    scheme: 'passcode in the body; nothing is signed',
    place: { field: 'passcode' },
  },
  checked: '2026-11-26',
  delivers: { retries: 4 * HOUR, after4xx: 'stopped by a 400', ok: '200' },
  secret: 'passcode',
  covers: { body: 'none' },
  sign: () => SCHEME,
  events: (_delivery, { value }) => [eventOf(value)],
  compose({ topic = 'FILE_UPDATE', at = Date.now(), payload }) {
    const timestamp = new Date(at).toISOString()
    const event = { event_type: topic, webhook_id: '22', file_key: 'Abc', timestamp }
    return { body: sampleJson({ ...event }, payload) }
  },
})

/** Returns the payload without its passcode, so that a new passcode does not change the event's digest. */
function withoutPasscode(payload: unknown): unknown {
  const { passcode: _passcode, ...rest } = payload as Record<string, unknown>
  return rest
}

function rejected(
  code: 'missing_header' | 'signature_mismatch',
  facts: ErrorDetails,
): WebhookError {
  return new WebhookError(code, facts, { status: 400 })
}

function eventOf(payload: unknown): EventDraft {
  const topic = needed(payload, 'event_type')
  const parts = [
    joinedId(payload, 'webhook_id', 'event_type'),
    joinedId(payload, 'file_key'),
    joinedId(payload, 'timestamp'),
    joinedId(payload, 'comment_id') ?? joinedId(payload, 'version_id'),
    topic === 'LIBRARY_PUBLISH' ? digestId(withoutPasscode(payload)) : undefined,
  ]
  const isWhole = parts[0] !== undefined && parts[2] !== undefined
  return { id: isWhole ? parts.filter(Boolean).join(':') : undefined, topic, payload }
}

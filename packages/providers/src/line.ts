import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { hmac, type EventDraft, type Factory } from '@postern/core/scheme'
import { field, items, narrowed, needed, text } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

/**
 * LINE Messaging API. The signature is HMAC-SHA256 over the body, in `X-Line-Signature`. A delivery is a batch of
 * events. The console's Verify button sends an empty batch. The topic is the event's `type`. For a message, the
 * message's type follows (`message.text`; `message` matches too). The id is `webhookEventId`, which stays the same on a
 * redelivery. The payload is the event with the delivery's `destination` added. Do not answer events whose `mode` is
 * `standby`. The signature has no time, so only the signed ids stop a replay. LINE redelivers only if you turn
 * redelivery on.
 *
 * Types: `line<LineEvents>({ channelSecret })` with `@postern/providers/types/line`.
 * https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
 */
export const line: Factory<PresetOptions<'channelSecret'>> = /* @__PURE__ */ sender({
  name: 'line',
  title: 'LINE',
  docs: 'https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/',
  setup: {
    steps: ['<provider>', '<Messaging API channel>', 'Messaging API', 'Webhook URL', 'Edit'],
    url: 'https://developers.line.biz/console/',
    secret: 'the channel secret',
    docs: 'https://developers.line.biz/en/docs/messaging-api/building-bot/',
  },
  notSecret: [
    [/^\d{10}$/, 'the id of the channel'],
    [/^[\w+/]{150,}=$/, 'an access token'],
  ],
  topics: ['message.text', 'follow', 'unfollow', 'join', 'postback', 'unsend'],
  handshakes: ['signed delivery without events'],
  checked: '2026-11-28',
  delivers: {
    within: 2_000,
    givesUp: 'suspended if failures last long',
    ok: '2xx',
    source: 'https://developers.line.biz/en/docs/messaging-api/check-webhook-error-statistics/',
  },
  secret: 'channelSecret',
  covers: { body: 'bytes', id: true },
  sign: () => hmac({ header: 'X-Line-Signature', encoding: 'base64' }),
  events: (_delivery, { value }) =>
    items(value, 'events').map((event) => eventOf(event, field(value, 'destination'))),
  compose({ topic = 'message.text', id, at = Date.now(), payload }) {
    const [type, kind] = topic.split('.', 2)
    const event = mergeDeep(
      {
        type,
        mode: 'active',
        timestamp: at,
        webhookEventId: id ?? crypto.randomUUID(),
        deliveryContext: { isRedelivery: false },
        ...(kind !== undefined && { message: { type: kind } }),
      },
      payload,
    )
    return {
      headers: { 'user-agent': 'LineBotWebhook/2.0' },
      body: stringifyJson({ destination: 'U1', events: [event] }),
    }
  },
})

function eventOf(event: unknown, destination: unknown): EventDraft {
  const id = text(event, 'webhookEventId')
  const type = needed(event, 'type')
  const payload = { ...(event as object), destination }
  const kind = type === 'message' ? text(field(event, 'message'), 'type') : undefined
  return { id, ...narrowed(type, kind), payload }
}

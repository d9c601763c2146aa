import { xmlReply, type SecretOption } from '@postern/core'
import { stringifyJson } from '@postern/core/internal'
import type { EventDraft, Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { joined } from './schemes/ids.ts'
import { FORM_TYPE, HOUR } from './common/units.ts'
import { field, text } from './common/read.ts'
import { twilioScheme, type TwilioSchemeOptions, twilioFormat } from './schemes/twilio.ts'

/** Options of {@link twilio}. */
export interface TwilioOptions extends TwilioSchemeOptions {
  /** The Auth Token of the account or subaccount. */
  readonly authToken: SecretOption
}

/**
 * Twilio: messages, calls, conversations, status callbacks (forms and GET) and Event Streams (JSON). The signature is
 * HMAC-SHA1 over the public URL and the sorted form fields. A JSON body is covered by its digest, `bodySHA256`, in that
 * URL. Behind a proxy, set `publicUrl`, or let the adapter trust the proxy. The topic of a form is the first of
 * `EventType`, `StatusCallbackEvent`, `MessageStatus`, `SmsStatus` and `CallStatus`; without these, the text `message`,
 * `call` or `request`. The topic of an Event Streams event is `type`. The id is `I-Twilio-Idempotency-Token`, `id` of
 * an Event Streams event, or the Sid with the members that make a callback unique. Calls and incoming messages get an
 * empty `<Response/>`; give your TwiML with `receiver.answer`. The signature has no time, so only ids stop a replay.
 * Twilio waits 15 s for an answer, or 5 s for Event Streams. Twilio retries Event Streams for 4 hours.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export const twilio: Factory<TwilioOptions> = /* @__PURE__ */ provider({
  name: 'twilio',
  title: 'Twilio',
  docs: 'https://www.twilio.com/docs/usage/webhooks/webhooks-security',
  setup: {
    steps: [
      'Console',
      'Phone Numbers',
      'Active Numbers',
      '<number>',
      'Messaging',
      'A Message Comes In',
    ],
    url: 'https://console.twilio.com',
    secret: 'the Auth Token: Console → Account → API keys & tokens',
    docs: 'https://github.com/twilio/ai/blob/main/skills/twilio/twilio-webhook-architecture/SKILL.md',
  },
  notSecret: [
    [/^AC[\da-f]{32}$/, 'the SID of the account'],
    [/^SK[\da-f]{32}$/, 'the SID of an API key'],
  ],
  topics: [
    'received',
    'delivered',
    'ringing',
    'completed',
    'onMessageAdded',
    'com.twilio.messaging.message.delivered',
  ],
  facts: {
    scheme: 'HMAC-SHA1 of {url} and the sorted form, base64',
    place: { header: 'X-Twilio-Signature' },
    checked: '2026-11-28',
    delivers: {
      within: 15_000,
      retries: 4 * HOUR,
      after4xx: 'dropped, unless the URL ends with #rp=4xx',
      ok: '2xx',
      source: 'https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides',
    },
  },
  options: {
    authToken: "The account's Auth Token.",
    publicUrl:
      'The URL as Twilio has it, or a function of the delivery. Default: the URL of the request.',
    sharedKeys: 'Keys of webhook rules by their id.',
  },
  formats: ['form', 'json', 'query'],
  claims: 'i-twilio-idempotency-token',
  secret: 'authToken',
  covers: { body: 'fields', url: true },
  methods: ['POST', 'GET'],
  scheme: twilioScheme,
  format: twilioFormat,
  events(delivery, { kind, value }) {
    const id = delivery.header('i-twilio-idempotency-token') || undefined
    if (kind !== 'json')
      return [{ id: id ?? callbackId(value), topic: topicOf(value), payload: value }]
    if (!Array.isArray(value)) return [streamed(value, id)]
    return value.map((item) => streamed(item, undefined))
  },
  reply(result) {
    if (result.kind === 'rejected') return undefined
    const fields = result.events[0]?.payload
    const isCall = text(fields, 'CallSid') !== undefined
    const isMessage = text(fields, 'MessageSid') !== undefined && !text(fields, 'MessageStatus')
    return isCall || isMessage ? xmlReply(EMPTY_TWIML) : undefined
  },
  compose({ topic = 'received', id, method, url, payload }) {
    const headers = {
      'user-agent': 'TwilioProxy/1.1',
      ...(id !== undefined && { 'i-twilio-idempotency-token': id }),
    }
    if (topic.startsWith('com.twilio.')) {
      const event = {
        specversion: '1.0',
        type: topic,
        source: '/accounts',
        id: id ?? crypto.randomUUID(),
        data: payload ?? {},
      }
      return { headers, body: stringifyJson(Array.isArray(payload) ? payload : [event]) }
    }
    const isNamed = topicOf(payload) === topic
    const fields = new URLSearchParams({
      ...(!isNamed && { [topicField(topic)]: topic }),
      ...(payload as Record<string, string>),
    })
    if (method !== 'GET')
      return {
        headers: { ...headers, 'content-type': `${FORM_TYPE}; charset=UTF-8` },
        body: fields.toString(),
      }
    const target = new URL(url ?? 'https://example.com/webhooks')
    for (const [name, value] of fields) target.searchParams.append(name, value)
    return { url: target.href, headers, body: '' }
  },
})

const EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
const TOPICS = ['EventType', 'StatusCallbackEvent', 'MessageStatus', 'SmsStatus', 'CallStatus']

function streamed(event: unknown, fallback: string | undefined): EventDraft {
  const topic = text(event, 'type') ?? topicOf(event)
  return { id: text(event, 'id') ?? fallback, topic, payload: event }
}

function topicOf(fields: unknown): string {
  for (const name of TOPICS) {
    const found = text(fields, name)
    if (found !== undefined) return found
  }
  if (field(fields, 'MessageSid') !== undefined) return 'message'
  return field(fields, 'CallSid') === undefined ? 'request' : 'call'
}

// Returns the id of a callback. A call makes many callbacks with the same Sid, so the id needs the sequence number.
// Some callbacks of a call (gather, redirect) have no sequence number, and therefore no id. Twilio sends each status of
// a message once, so the id of such a callback is made of Sid and status.
function callbackId(fields: unknown): string | undefined {
  const status = text(fields, 'MessageStatus') ?? text(fields, 'SmsStatus')
  const message = text(fields, 'MessageSid')
  if (message !== undefined && status !== undefined) return joined([message, status])
  const number = text(fields, 'SequenceNumber')
  const call = text(fields, 'ConferenceSid') ?? text(fields, 'CallSid')
  if (call === undefined || number === undefined) return undefined
  return `${call}:${topicOf(fields)}:${number}`
}

function topicField(topic: string): string {
  if (/^on[A-Z]/.test(topic)) return 'EventType'
  return topic === 'received' ? 'SmsStatus' : 'MessageStatus'
}

import { jsonReply, WebhookError, type Delivery, type Reply } from '@postern/core'
import { hmac, type EventDraft, type Factory } from '@postern/core/scheme'
import { hmacDigest, mergeDeep, stringifyJson, type Keyring } from '@postern/core/internal'
import { DAY } from './common/units.ts'
import { field, member } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

// Allowed form of a challenge. X sends the base64 of a UUID. A compressed event can have this form if it has 112
// characters or more, so the maximum is lower.
const CRC_TOKEN = /^[\w+/=.-]{1,100}$/

/**
 * X (Twitter) Account Activity. The signature is HMAC-SHA256 over the body, in base64. A delivery has lists of changes,
 * and each item of a list is an event. The topic is the list's name (`tweet_create_events`) and the id is `id_str` or
 * `id` of the item. The payload is the delivery with only that item. The receiver signs the unsigned challenge
 * (`GET ?crc_token=`) with the same key that signs events. To keep events and challenges apart, a challenge may have
 * only letters, digits and `+/=_-.`, at most 100. A body that looks like a challenge is rejected. X does not document
 * retries; the provider assumes a day.
 * https://docs.x.com/x-api/webhooks/introduction
 */
export const x: Factory<PresetOptions<'consumerSecret'>> = /* @__PURE__ */ sender({
  name: 'x',
  title: 'X (Twitter)',
  docs: 'https://docs.x.com/x-api/webhooks/introduction',
  setup: {
    call: 'POST /2/webhooks',
    secret: "the app's consumer secret (API secret key)",
    docs: 'https://docs.x.com/x-api/webhooks/quickstart',
  },
  notSecret: [
    [/^A{10,}/, 'the bearer token'],
    [/^\d{10,}-\w/, 'an access token'],
  ],
  topics: ['tweet_create_events', 'direct_message_events', 'favorite_events', 'follow_events'],
  handshakes: ['crc_token'],
  checked: '2026-11-28',
  delivers: {
    retries: DAY,
    redirect: 'failure',
    ok: '200',
    within: 10_000,
    givesUp: 'at a wrong answer to its CRC, or after 28 hours without a right one',
  },
  challenge: CRC_TOKEN,
  secret: 'consumerSecret',
  covers: { body: 'bytes', id: true },
  methods: ['POST', 'GET'],
  sign: () =>
    hmac({ header: 'X-Twitter-Webhooks-Signature', prefix: 'sha256=', encoding: 'base64' }),
  check(delivery) {
    if (delivery.body.length <= 100 && CRC_TOKEN.test(delivery.text()))
      throw new WebhookError('malformed_body', { problem: 'is_challenge', field: 'body' })
  },
  greet: (delivery, _options, keys) =>
    delivery.method === 'GET' ? challenge(delivery, keys) : undefined,
  events: (delivery, { value }) => eventsOf(value, delivery.json('exact')),
  compose: ({ topic = 'tweet_create_events', id = '1', payload }) => ({
    body: stringifyJson({ for_user_id: '1', [topic]: [mergeDeep({ id_str: id }, payload)] }),
  }),
})

async function challenge(delivery: Delivery, ring: Keyring<Uint8Array>): Promise<Reply> {
  const tokens = delivery.query().getAll('crc_token')
  if (tokens.length !== 1 || !CRC_TOKEN.test(tokens[0]!))
    throw new WebhookError('handshake_rejected', {
      problem: 'malformed',
      parameter: 'crc_token',
      expected: 'there once, of letters and digits',
    })
  const [key] = (await ring.for(delivery)).keys
  return jsonReply({ response_token: `sha256=${hmacDigest('sha256', 'base64', key!, tokens[0]!)}` })
}

function eventsOf(value: unknown, exact: unknown): readonly EventDraft[] {
  const names = Object.keys(Object(value)).filter((name) => /_events?$/.test(name))
  if (names.length === 0)
    throw new WebhookError('missing_topic', { problem: 'missing', field: '*_events' })
  const shared = Object.entries(value as object).filter(([name]) => !names.includes(name))
  return names.flatMap((topic) => {
    const found = field(value, topic)
    const ids = [field(exact, topic)].flat()
    return [found].flat().map((item, at) => ({
      id: member(ids[at], 'id_str') ?? member(ids[at], 'id'),
      topic,
      payload: { ...Object.fromEntries(shared), [topic]: Array.isArray(found) ? [item] : item },
    }))
  })
}

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import {
  textReply,
  WebhookError,
  type Delivery,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  hmacDigest,
  malformed,
  mismatch,
  parseXml,
  safeEqual,
  type Keyring,
} from '@postern/core/internal'
import type { Factory, Scheme } from '@postern/core/scheme'
import { DAY, FORM_TYPE } from './common/units.ts'
import { field, needed, single } from './common/read.ts'
import { xmlElements } from './schemes/xml-elements.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

const CHALLENGE = /^[a-f0-9]{20,32}$/

/** Options of {@link braintree}. */
export interface BraintreeOptions extends PresetOptions<'privateKey'> {
  /** The private key of the API key pair. */
  readonly privateKey: SecretOption
  /**
   * The public key of the API key pair. If a delivery has several signatures, this key shows which signature to verify.
   */
  readonly publicKey: string
}

/**
 * Braintree. The signature is HMAC-SHA1 over the form field `bt_payload`, with its line breaks. The HMAC key is the
 * SHA-1 of the private key. The topic is the notification's kind (`subscription_went_past_due`), and there is no id.
 * The payload is the XML notification. The receiver signs the unsigned challenge (`GET ?bt_challenge=`) with the same
 * key that signs events. A challenge must be 20 to 32 hex digits, so nobody can get a signed notification as the answer
 * to a challenge. Braintree waits 30 s for an answer and retries each hour for 24 hours (3 hours in the sandbox).
 * https://developer.paypal.com/braintree/docs/guides/webhooks/overview
 */
export const braintree: Factory<BraintreeOptions> = /* @__PURE__ */ sender({
  name: 'braintree',
  title: 'Braintree',
  docs: 'https://developer.paypal.com/braintree/docs/guides/webhooks/overview',
  setup: {
    steps: ['Control Panel', 'gear icon', 'API', 'Webhooks', 'Create New Webhook'],
    secret: 'the private key of your API keys',
    docs: 'https://developer.paypal.com/braintree/docs/guides/webhooks/create',
  },
  notSecret: [[/^access_token\$/, 'an access token']],
  topics: ['check', 'subscription_charged_successfully', 'dispute_opened'],
  handshakes: ['bt_challenge'],
  facts: {
    scheme: 'HMAC-SHA1 of the field bt_payload, hex, keyed with the SHA-1 of the private key',
    place: { field: 'bt_signature' },
  },
  example: { publicKey: 'public_key', privateKey: 'an-example-secret' },
  checked: '2026-11-26',
  delivers: { within: 30_000, retries: DAY, ok: '2xx' },
  hint: 'The private key of the API key pair.',
  extra: {
    publicKey: 'The public key of the pair.',
  },
  formats: ['form'],
  challenge: CHALLENGE,
  secret: 'privateKey',
  ids: false,
  covers: { body: 'fields' },
  methods: ['POST', 'GET'],
  xml: true,
  sign(_given, { publicKey }: Pick<BraintreeOptions, 'publicKey'>) {
    if (typeof publicKey !== 'string' || !/^[^\s|&]+$/.test(publicKey))
      throw new TypeError('braintree: publicKey must be the public key of the API key pair')
    return signature(publicKey)
  },
  greet: (delivery, { publicKey }, keys) =>
    delivery.method === 'GET' ? challenge(delivery, publicKey, keys) : undefined,
  events(delivery) {
    const xml = Buffer.from(formField(delivery, 'bt_payload'), 'base64').toString('utf8')
    const payload = field(parseXml(xml, { depth: delivery.limits.depth }), 'notification')
    return [{ topic: needed(payload, 'kind'), payload }]
  },
  compose({ topic: kind = 'check', at = Date.now(), payload }) {
    const time = new Date(at).toISOString().slice(0, 19)
    // `timestamp: []` writes no element, so the payload cannot add a second timestamp.
    const rest = xmlElements({ subject: '', ...(payload as object), kind, timestamp: [] })
    const xml = `<notification><timestamp type="datetime">${time}Z</timestamp>${rest}</notification>`
    // Braintree's base64 text ends with a line break. This text has none, and verification accepts both forms.
    const bt_payload = Buffer.from(xml).toString('base64')
    const body = new URLSearchParams({ bt_payload }).toString()
    return { headers: { 'content-type': FORM_TYPE }, body }
  },
})

async function challenge(
  delivery: Delivery,
  publicKey: string,
  ring: Keyring<Uint8Array>,
): Promise<Reply> {
  const text = single(delivery.query(), 'bt_challenge', { field: 'bt_challenge' })
  if (!CHALLENGE.test(text))
    throw new WebhookError('handshake_rejected', {
      problem: 'malformed',
      parameter: 'bt_challenge',
      expected: '20 to 32 hex digits',
    })
  const [key] = (await ring.for(delivery)).keys
  return textReply(`${publicKey}|${hmacDigest('sha1', 'hex', key!, text)}`)
}

function signature(publicKey: string): Scheme<Uint8Array> {
  return {
    covers: { body: 'fields' },
    key: (secret) => createHash('sha1').update(secret).digest(),
    verify(delivery, keys) {
      const payload = formField(delivery, 'bt_payload')
      // Anybody can make the receiver sign a challenge with this key, so a payload that looks like a challenge is
      // rejected.
      if (CHALLENGE.test(payload.trim()))
        throw new WebhookError('malformed_body', { problem: 'is_challenge', field: 'bt_payload' })
      if (!/^[A-Za-z0-9+/=\n]+$/.test(payload))
        throw malformed({ field: 'bt_payload' }, 'base64 in lines')
      const given = formField(delivery, 'bt_signature')
        .split('&')
        .filter((pair) => pair.startsWith(`${publicKey}|`))
        .map((pair) => pair.slice(publicKey.length + 1))
      const found = keys.findIndex((key) =>
        [payload, `${payload}\n`].some((text) => {
          const expected = hmacDigest('sha1', 'hex', key, text)
          return given.some((one) => safeEqual(one, expected))
        }),
      )
      if (found < 0) throw mismatch({ field: 'bt_signature' }, keys.length, { delivery })
      return found
    },
    sign(request, key) {
      const form = new URLSearchParams(Buffer.from(request.body).toString())
      const digest = hmacDigest('sha1', 'hex', key, form.get('bt_payload') ?? '')
      form.set('bt_signature', `${publicKey}|${digest}`)
      return { ...request, body: Buffer.from(form.toString()) }
    },
  }
}

function formField(delivery: Delivery, name: string): string {
  return single(delivery.form(), name, { field: name })
}

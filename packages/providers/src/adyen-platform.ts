import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { field, member, needed } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Adyen's platform webhooks: Balance Platform, Management, Configuration. The signature is HMAC-SHA256 over the body,
 * in the header `HmacSignature`. The topic is `type`. Adyen sends no event id, so the id is made of resource, type and
 * `sequenceNumber`. If there is no number, `timestamp` is used instead. All these members are signed. Adyen expects a
 * 2xx within 10 s and retries for up to 30 days.
 * https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures
 */
export const adyenPlatform: Factory<PresetOptions<'hmacKey'>> = /* @__PURE__ */ sender({
  name: 'adyen-platform',
  title: 'Adyen (platforms)',
  docs: 'https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures',
  setup: {
    steps: ['Customer Area', 'Developers', 'Webhooks'],
    secret: "the HMAC key that you generate in the webhook's settings, in hex",
    docs: 'https://docs.adyen.com/development-resources/webhooks/best-practices',
  },
  notSecret: [[/^AQ[A-Z][\w+/]{10,}/, 'a key for the API']],
  topics: ['balancePlatform.accountHolder.created', 'balancePlatform.transfer.updated'],
  example: { hmacKey: '44782DEF547AAA06C910C43932B1EB0C' },
  checked: '2026-11-26',
  delivers: { within: 10_000, retries: 30 * DAY, ok: '2xx' },
  secret: 'hmacKey',
  covers: { body: 'bytes', id: true },
  sign: () =>
    hmac({
      header: 'HmacSignature',
      encoding: 'base64',
      keyEncoding: 'hex',
    }),
  events(delivery, { value }) {
    const exact = delivery.json('exact')
    const topic = needed(exact, 'type')
    const resource = resourceId(field(exact, 'data'))
    const moment = member(exact, 'data.sequenceNumber') ?? member(exact, 'timestamp')
    const id = resource && moment && `${resource}:${topic}:${moment}`
    return [{ id: id || undefined, topic, payload: value }]
  },
  compose({ topic, id, payload, at = Date.now() }) {
    const type = topic ?? 'balancePlatform.transfer.updated'
    const [resource = '1W1UG35U8A9J5ZLG', moment] = id?.split(`:${type}:`) ?? []
    return {
      headers: { protocol: 'HmacSHA256' },
      body: sampleJson(
        {
          ...(field(payload, 'data') === undefined && { data: { id: resource } }),
          type,
          timestamp: moment ?? new Date(at).toISOString(),
        },
        payload,
      ),
    }
  },
})

// Returns the id of the resource. The resource is `data` itself, or a member of `data` such as `data.accountHolder`.
function resourceId(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const nested = Object.values(data).map((value) => member(value, 'id'))
  return member(data, 'id') ?? nested.find((id) => id !== undefined)
}

import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Attio. https://docs.attio.com/rest-api/guides/webhooks */
export const attio: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'attio',
  title: 'Attio',
  docs: 'https://docs.attio.com/rest-api/guides/webhooks',
  setup: { call: 'POST /v2/webhooks of the Attio API', secret: 'the secret in the response' },
  topics: ['record.created', 'record.updated', 'note.created'],
  sign: (given) => hmac({ header: ['Attio-Signature', 'X-Attio-Signature'], ...given }),
  itemsField: 'events',
  eventIdHeader: 'Idempotency-Key',
  topicField: 'event_type',
  checked: '2026-11-28',
  delivers: {
    retries: 3 * DAY,
    after4xx: 'retried',
    retryId: 'same',
    source: 'https://docs.attio.com/rest-api/how-to/webhooks',
  },
})

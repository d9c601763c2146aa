import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Sanity's GROQ-powered webhooks. The payload is your own projection. Sanity waits 30 s for an answer. Sanity retries
 * after 429 and 5xx twice, 30 s apart, and stops at any other 4xx.
 * https://www.sanity.io/docs/webhooks
 */
export const sanity: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'sanity',
  title: 'Sanity',
  docs: 'https://www.sanity.io/docs/webhooks',
  setup: {
    steps: ['<project>', 'API', 'Webhooks'],
    url: 'https://www.sanity.io/manage',
    secret: 'the text that you enter as Secret',
  },
  notSecret: [[/^sk[A-Za-z\d]{80,}$/, 'a token for the API']],
  topics: ['create', 'update', 'delete'],
  repeats: false,
  methods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  sign: ({ tolerance = 3600 }) =>
    hmac({
      header: 'sanity-webhook-signature',
      pairs: { most: 1 },
      encoding: 'base64url',
      timestampUnit: 'ms',
      tolerance,
    }),
  eventIdHeader: 'Idempotency-Key',
  topicHeader: 'Sanity-Operation',
  sample: { _id: '3K8dWMcbNUfXCd' },
  sends: () => ({ 'user-agent': 'Sanity.io webhook delivery' }),
  checked: '2026-11-28',
  delivers: {
    within: 30_000,
    retries: 120_000,
    after4xx: 'dropped, but 429',
    ok: '2xx',
    source: 'https://www.sanity.io/docs/changelog/50ec6abf-fe0c-475b-ae72-314148860132',
  },
})

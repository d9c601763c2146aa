import type { SecretOption } from '@postern/core'
import { hmac, mergeDeep, pairs, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'

/** Options of {@link sanity}. */
export interface SanityOptions {
  /** The secret of the webhook. */
  readonly secret: SecretOption
  /**
   * Seconds the signed time may be away from now, in the past and in the future. Sanity names none and does not say
   * whether a retry is signed again. @default 3600
   */
  readonly tolerance?: number
}

/**
 * Sanity (GROQ-powered webhooks). HMAC-SHA256 over `t.body`, `t` in milliseconds, in unpadded base64url. Topic is
 * `Sanity-Operation` (`create`, `update`, `delete`), id is `Idempotency-Key`; neither is signed (`covers.topic` is false: a captured body can come again as another operation). The payload is your own
 * projection. Sanity waits 30 s, retries 429 and 5xx twice, 30 s apart, and gives up at any other 4xx.
 * https://www.sanity.io/docs/webhooks
 */
export const sanity: Factory<SanityOptions> = /* @__PURE__ */ provider({
  name: 'sanity',
  title: 'Sanity',
  docs: 'https://www.sanity.io/docs/webhooks',
  setup: {
    steps: ['<project>', 'API', 'Webhooks'],
    url: 'https://www.sanity.io/manage',
    secret: 'the text that you enter as Secret',
    docs: 'https://www.sanity.io/docs/webhooks',
  },
  notSecret: [[/^sk[A-Za-z\d]{80,}$/, 'a token for the API']],
  topics: ['create', 'update', 'delete'],
  facts: {
    checked: '2026-11-28',
    delivers: {
      within: 30_000,
      retries: 120_000,
      after4xx: 'dropped, but 429',
      ok: '2xx',
      source: 'https://www.sanity.io/docs/changelog/50ec6abf-fe0c-475b-ae72-314148860132',
    },
  },
  options: {
    secret: 'Secret of the webhook.',
    tolerance: 'Seconds the signed time may be away from now. Default 3600.',
  },
  claims: 'idempotency-key',
  // The time that is signed is that of the change: https://www.sanity.io/docs/webhooks
  repeats: false,
  topicHeader: 'sanity-operation',
  covers: { body: 'bytes', timestamp: true },
  methods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  scheme: (options) =>
    hmac({
      ...SIGNATURE,
      encoding: 'base64url',
      timestampUnit: 'ms',
      tolerance: options.tolerance ?? 3600,
    }),
  events: (delivery, { value }) => [
    {
      id: delivery.header('idempotency-key') || undefined,
      topic: delivery.header('sanity-operation') ?? '',
      payload: value,
    },
  ],
  compose: ({ topic = 'create', id = crypto.randomUUID(), payload }) => ({
    headers: {
      'user-agent': 'Sanity.io webhook delivery',
      'idempotency-key': id,
      'sanity-operation': topic,
    },
    body: stringifyJson(mergeDeep({ _id: '3K8dWMcbNUfXCd' }, payload)),
  }),
})

const SIGNATURE = /* @__PURE__ */ pairs({
  header: 'sanity-webhook-signature',
  most: 1,
})

import { standardWebhooksScheme, type Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'
import { HOUR } from './common/units.ts'

/**
 * OpenAI: Standard Webhooks. As in OpenAI's SDK, a secret without `whsec_` is used as the key without decoding. A
 * signature may lack the prefix `v1,`. OpenAI expects a 2xx within seconds and retries for up to 72 hours. Types:
 * `openai<OpenaiEvents>({ secret })` with `@postern/providers/types/openai`.
 * https://platform.openai.com/docs/guides/webhooks
 */
export const openai: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'openai',
  title: 'OpenAI',
  docs: 'https://platform.openai.com/docs/guides/webhooks',
  setup: {
    call: 'POST https://api.openai.com/v1/webhook_endpoints',
    secret: 'signing_secret in the reply, shown only at creation and rotation',
    docs: 'https://developers.openai.com/api/reference/go/resources/webhooks/methods/create',
  },
  notSecret: [[/^sk-/, 'a key for the API']],
  topics: ['response.completed', 'response.failed', 'batch.completed', 'realtime.call.incoming'],
  key: (secret) => (secret.startsWith('whsec_') ? ENCODED.key(secret) : PLAIN.key(secret)),
  signatures: (list) => list.replace(/(?<=^| )(?=[^, ]+(?: |$))/g, 'v1,'),
  checked: '2026-11-28',
  delivers: { retries: 72 * HOUR, after4xx: 'retried', ok: '2xx' },
})

const ENCODED = /* @__PURE__ */ standardWebhooksScheme()
const PLAIN = /* @__PURE__ */ standardWebhooksScheme({ keys: ['text'] })

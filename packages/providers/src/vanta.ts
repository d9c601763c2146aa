import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/** Vanta: Standard Webhooks that Svix sends, with `svix-*` headers. https://developer.vanta.com/docs/webhooks */
export const vanta: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'vanta',
  title: 'Vanta',
  docs: 'https://developer.vanta.com/docs/webhooks',
  setup: { place: 'the Webhooks page of the app', secret: 'the signing secret of the endpoint' },
  topics: ['vulnerability.created', 'test.failed', 'vulnerability.remediated'],
  prefixes: ['svix-'],
  checked: '2026-11-28',
  delivers: { within: 15_000, after4xx: 'retried', ok: '2xx', retryId: 'same' },
})

import type { Factory } from '@postern/core/scheme'
import {
  SVIX_DELIVERS,
  standardFamily,
  type StandardFamilySecretOptions,
} from './schemes/standard-family.ts'

/** Stytch: Standard Webhooks that Svix sends, with `svix-*` headers. https://stytch.com/docs/guides/webhooks */
export const stytch: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'stytch',
  title: 'Stytch',
  docs: 'https://stytch.com/docs/guides/webhooks',
  setup: {
    place: 'the Webhooks page of the dashboard',
    secret: 'the signing secret of the endpoint',
  },
  notSecret: [
    [/^secret-(?:test|live)-/, 'the secret of the project'],
    [/^project-/, 'the id of the project'],
  ],
  topics: ['user.CREATE', 'user.UPDATE', 'user.DELETE'],
  topicField: ['object_type', 'action'],
  prefixes: ['svix-'],
  checked: '2026-11-28',
  delivers: SVIX_DELIVERS,
})

import type { Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/** Loops: Standard Webhooks. https://loops.so/docs/webhooks */
export const loops: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'loops',
  title: 'Loops',
  docs: 'https://loops.so/docs/webhooks',
  setup: { steps: ['Settings', 'Webhooks'], secret: 'the signing secret on the Webhooks page' },
  topics: ['contact.created', 'email.delivered', 'email.opened'],
  topicField: 'eventName',
  checked: '2026-11-28',
  delivers: { retries: 28 * HOUR },
})

import type { Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/** incident.io: Standard Webhooks. https://docs.incident.io/integrations/webhooks */
export const incidentIo: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'incident-io',
  title: 'incident.io',
  docs: 'https://docs.incident.io/integrations/webhooks',
  setup: { steps: ['Settings', 'Webhooks'], secret: 'the signing secret of the endpoint' },
  notSecret: [[/^inc_/, 'a key for the API']],
  topics: [
    'public_incident.incident_created_v2',
    'public_incident.incident_updated_v2',
    'private_incident.incident_created_v2',
  ],
  topicField: 'event_type',
  checked: '2026-11-28',
  delivers: {
    retries: DAY,
    after4xx: 'retried',
    givesUp: 'disabled after five days of failures',
    ok: '2xx',
    source: 'https://docs.incident.io/api-reference/webhooks',
  },
})

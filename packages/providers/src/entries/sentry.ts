import { sentry } from '../sentry.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Sentry in the catalogue. */
export const sentryEntry: CatalogueEntry = {
  name: 'sentry',
  title: 'Sentry',
  docs: 'https://docs.sentry.io/organization/integrations/integration-platform/webhooks/',
  create: sentry,
  secretOption: 'clientSecret',
  options: { clientSecret: 'Client secret of the integration.' },
  topics: ['issue.created', 'issue.resolved', 'error.created', 'event_alert.triggered'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}

import { pagerduty } from '../pagerduty.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** PagerDuty in the catalogue. */
export const pagerdutyEntry: CatalogueEntry = {
  name: 'pagerduty',
  title: 'PagerDuty',
  docs: 'https://docs.pagerduty.com/developer/verifying-webhook-signatures',
  create: pagerduty,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook subscription.' },
  topics: ['incident.triggered', 'incident.acknowledged', 'incident.resolved', 'pagey.ping'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 2 * DAY,
  canSign: true,
}

import { linear } from '../linear.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Linear in the catalogue. */
export const linearEntry: CatalogueEntry = {
  name: 'linear',
  title: 'Linear',
  docs: 'https://linear.app/developers/webhooks',
  create: linear,
  secretOption: 'secret',
  options: {
    secret: 'Signing secret of the webhook.',
    tolerance: 'Seconds the signed time may be away from now. Default 60.',
  },
  topics: ['Issue.create', 'Issue.update', 'Comment.create', 'Project.update', 'IssueSLA.breached'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 8 * HOUR,
  canSign: true,
}

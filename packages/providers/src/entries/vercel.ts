import { vercel } from '../vercel.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Vercel in the catalogue. */
export const vercelEntry: CatalogueEntry = {
  name: 'vercel',
  title: 'Vercel',
  docs: 'https://vercel.com/docs/webhooks/webhooks-api',
  create: vercel,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook, or client secret of the integration.' },
  topics: ['deployment.created', 'deployment.succeeded', 'deployment.error', 'project.created'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}

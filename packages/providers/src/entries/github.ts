import { github } from '../github.ts'
import { DAY, FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** GitHub in the catalogue. */
export const githubEntry: CatalogueEntry = {
  name: 'github',
  title: 'GitHub',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  create: github,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook or of the GitHub App.' },
  topics: ['push', 'issues.opened', 'pull_request.synchronize', 'release.published', 'ping'],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE],
  retrySpan: 3 * DAY,
  canSign: true,
}

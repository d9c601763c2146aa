import { bitbucket } from '../bitbucket.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Bitbucket in the catalogue. */
export const bitbucketEntry: CatalogueEntry = {
  name: 'bitbucket',
  title: 'Bitbucket',
  docs: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/',
  create: bitbucket,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook.' },
  topics: ['repo:push', 'pullrequest:created', 'pullrequest:fulfilled', 'pr:opened', 'pr:merged'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}

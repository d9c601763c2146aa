import { FAMILY_OPTIONS } from '../schemes/standard-family.ts'
import { clerk } from '../clerk.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Clerk in the catalogue. */
export const clerkEntry: CatalogueEntry = {
  name: 'clerk',
  title: 'Clerk',
  docs: 'https://clerk.com/docs/webhooks/overview',
  create: clerk,
  secretOption: 'secret',
  options: { secret: 'Signing secret of the endpoint, whsec_…', ...FAMILY_OPTIONS },
  topics: ['user.created', 'user.updated', 'session.created', 'organization.created'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 28 * HOUR,
  canSign: true,
}

import { okta } from '../okta.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Okta event hooks in the catalogue. */
export const oktaEntry: CatalogueEntry = {
  name: 'okta',
  title: 'Okta event hooks',
  docs: 'https://developer.okta.com/docs/concepts/event-hooks/',
  create: okta,
  secretOption: 'secret',
  options: {
    secret: 'Whole value of the authentication header.',
    header: 'The authentication header of the hook. Default Authorization.',
  },
  topics: ['user.session.start', 'user.lifecycle.create', 'group.user_membership.add'],
  handshakes: ['GET with X-Okta-Verification-Challenge'],
  contentTypes: [JSON_TYPE],
  canSign: true,
}

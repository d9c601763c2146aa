import { mandrill } from '../mandrill.ts'
import { FORM_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Mandrill in the catalogue. */
export const mandrillEntry: CatalogueEntry = {
  name: 'mandrill',
  title: 'Mandrill',
  docs: 'https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/',
  create: mandrill,
  secretOption: 'webhookKey',
  options: {
    webhookKey: 'Key of the webhook.',
    publicUrl: 'The URL as it was entered in Mandrill. Default: the URL of the request.',
  },
  topics: ['send', 'delivered', 'hard_bounce', 'open', 'click', 'spam', 'inbound', 'blacklist.add'],
  handshakes: ['HEAD when the webhook is added', 'empty test batch signed with test-webhook'],
  contentTypes: [FORM_TYPE],
  canSign: true,
}

import { zendesk } from '../zendesk.ts'
import { FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Zendesk in the catalogue. */
export const zendeskEntry: CatalogueEntry = {
  name: 'zendesk',
  title: 'Zendesk',
  docs: 'https://developer.zendesk.com/documentation/webhooks/verifying/',
  create: zendesk,
  secretOption: 'signingSecret',
  options: {
    signingSecret: 'Signing secret of the webhook.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: ['zen:event-type:user.created', 'zen:event-type:ticket.status_changed', 'trigger'],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE, 'text/xml'],
  canSign: true,
}

import { mollie } from '../mollie.ts'
import { FORM_TYPE, HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Mollie in the catalogue. */
export const mollieEntry: CatalogueEntry = {
  name: 'mollie',
  title: 'Mollie',
  docs: 'https://docs.mollie.com/reference/webhooks-new',
  create: mollie,
  secretOption: 'signingSecret',
  options: {
    signingSecret: 'Signing secret of a next-gen webhook.',
    unauthenticated: 'Takes classic webhooks, which are not signed. Default false.',
  },
  topics: ['payment-link.paid', 'sales-invoice.created', 'profile.verified', 'tr', 'ord', 'pl'],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE],
  retrySpan: 26 * HOUR,
  canSign: true,
}

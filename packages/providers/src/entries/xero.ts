import { xero } from '../xero.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Xero in the catalogue. */
export const xeroEntry: CatalogueEntry = {
  name: 'xero',
  title: 'Xero',
  docs: 'https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/',
  create: xero,
  secretOption: 'webhookKey',
  options: { webhookKey: 'The webhooks key of the app.' },
  topics: ['CONTACT.CREATE', 'CONTACT.UPDATE', 'INVOICE.CREATE', 'INVOICE.UPDATE'],
  handshakes: ['intent to receive'],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}

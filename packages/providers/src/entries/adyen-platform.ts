import { adyenPlatform } from '../adyen-platform.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Adyen's platform webhooks in the catalogue. */
export const adyenPlatformEntry: CatalogueEntry = {
  name: 'adyen-platform',
  title: 'Adyen (platforms)',
  docs: 'https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures',
  create: adyenPlatform,
  secretOption: 'hmacKey',
  options: { hmacKey: 'HMAC key of the webhook, in hex.' },
  topics: ['balancePlatform.accountHolder.created', 'balancePlatform.transfer.updated'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 30 * DAY,
  canSign: true,
}

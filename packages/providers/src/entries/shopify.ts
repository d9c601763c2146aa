import { shopify } from '../shopify.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Shopify in the catalogue. */
export const shopifyEntry: CatalogueEntry = {
  name: 'shopify',
  title: 'Shopify',
  docs: 'https://shopify.dev/docs/apps/build/webhooks/verify-deliveries',
  create: shopify,
  secretOption: 'secret',
  options: { secret: "The app's client secret." },
  topics: [
    'orders/create',
    'products/update',
    'app/uninstalled',
    'customers/redact',
    'Product.create',
  ],
  handshakes: [],
  contentTypes: [JSON_TYPE, 'application/xml'],
  retrySpan: 4 * HOUR,
  canSign: true,
}

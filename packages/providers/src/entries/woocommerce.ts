import { woocommerce } from '../woocommerce.ts'
import { FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** WooCommerce in the catalogue. */
export const woocommerceEntry: CatalogueEntry = {
  name: 'woocommerce',
  title: 'WooCommerce',
  docs: 'https://woocommerce.com/document/webhooks/',
  create: woocommerce,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook.' },
  topics: [
    'order.created',
    'order.updated',
    'product.deleted',
    'customer.updated',
    'coupon.created',
  ],
  handshakes: ['unsigned form webhook_id=<n> at activation'],
  contentTypes: [JSON_TYPE, FORM_TYPE],
  canSign: true,
}

import { braintree, type BraintreeOptions } from '../braintree.ts'
import { DAY, FORM_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Braintree in the catalogue. */
export const braintreeEntry: CatalogueEntry = {
  name: 'braintree',
  title: 'Braintree',
  docs: 'https://developer.paypal.com/braintree/docs/guides/webhooks/overview',
  create: (options) => braintree(options as BraintreeOptions),
  secretOption: 'privateKey',
  options: {
    privateKey: 'The private key of the API key pair.',
    publicKey: 'The public key of the pair.',
  },
  topics: ['check', 'subscription_charged_successfully', 'dispute_opened'],
  handshakes: ['bt_challenge'],
  contentTypes: [FORM_TYPE],
  retrySpan: DAY,
  canSign: true,
}

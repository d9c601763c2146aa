import { FAMILY_OPTIONS } from '../schemes/standard-family.ts'
import { resend } from '../resend.ts'
import { HOUR, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Resend in the catalogue. */
export const resendEntry: CatalogueEntry = {
  name: 'resend',
  title: 'Resend',
  docs: 'https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests',
  create: resend,
  secretOption: 'secret',
  options: { secret: 'Signing secret of the webhook, whsec_…', ...FAMILY_OPTIONS },
  topics: ['email.sent', 'email.delivered', 'email.bounced', 'email.complained', 'email.opened'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 28 * HOUR,
  canSign: true,
}

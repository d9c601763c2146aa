import { calCom } from '../cal-com.ts'
import { FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Cal.com in the catalogue. */
export const calComEntry: CatalogueEntry = {
  name: 'cal.com',
  title: 'Cal.com',
  docs: 'https://cal.com/docs/developing/guides/automation/webhooks',
  create: calCom,
  secretOption: 'secret',
  options: { secret: 'Secret of the webhook.' },
  topics: ['BOOKING_CREATED', 'BOOKING_RESCHEDULED', 'BOOKING_CANCELLED', 'FORM_SUBMITTED', 'PING'],
  handshakes: [],
  contentTypes: [JSON_TYPE, FORM_TYPE],
  canSign: true,
}

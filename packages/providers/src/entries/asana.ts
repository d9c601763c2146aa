import { asana } from '../asana.ts'
import { DAY, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Asana in the catalogue. */
export const asanaEntry: CatalogueEntry = {
  name: 'asana',
  title: 'Asana',
  docs: 'https://developers.asana.com/docs/webhooks-guide',
  create: asana,
  secretOption: 'secret',
  options: {
    secret: 'X-Hook-Secret of the webhook, or a function that looks it up.',
    acceptHandshake: 'Whether a handshake is expected now. Default false.',
    onSecret: 'Keeps the secret of a handshake.',
    records: 'Records of an inbox that keep the secrets of handshakes.',
  },
  topics: ['task.added', 'task.changed', 'task.deleted', 'story.added', 'project.changed'],
  handshakes: ['X-Hook-Secret is echoed, if it is expected'],
  contentTypes: [JSON_TYPE],
  retrySpan: DAY,
  canSign: true,
}

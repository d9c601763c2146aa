import { slack } from '../slack.ts'
import { DAY, FORM_TYPE, JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Slack in the catalogue. */
export const slackEntry: CatalogueEntry = {
  name: 'slack',
  title: 'Slack',
  docs: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
  create: slack,
  secretOption: 'signingSecret',
  options: {
    signingSecret: "The app's signing secret.",
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  topics: [
    'app_mention',
    'message.message_changed',
    '/deploy',
    'block_actions.approve',
    'view_submission',
  ],
  handshakes: ['url_verification', 'ssl_check'],
  contentTypes: [JSON_TYPE, FORM_TYPE],
  retrySpan: DAY,
  canSign: true,
}

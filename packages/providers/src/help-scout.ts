import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Help Scout. The topic is in an unsigned header. The body's `id` identifies the conversation, so events have no id.
 * https://developer.helpscout.com/webhooks/
 */
export const helpScout: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'help-scout',
  title: 'Help Scout',
  docs: 'https://developer.helpscout.com/webhooks/',
  setup: { steps: ['Manage', 'Apps', 'Webhooks'], secret: 'the secret key that you type' },
  topics: ['convo.created', 'convo.assigned', 'customer.created'],
  sign: (given) =>
    hmac({ header: 'X-HelpScout-Signature', algorithm: 'sha1', encoding: 'base64', ...given }),
  topicHeader: 'X-HelpScout-Event',
  checked: '2026-11-28',
  delivers: { givesUp: 'deactivated after ten events that failed ten times, or by one 410' },
})

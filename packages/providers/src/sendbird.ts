import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Sendbird. https://sendbird.com/docs/chat/platform-api/v3/webhook/webhook-overview */
export const sendbird: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'sendbird',
  title: 'Sendbird',
  docs: 'https://sendbird.com/docs/chat/platform-api/v3/webhook/webhook-overview',
  setup: { steps: ['Settings', 'Chat', 'Webhooks'], secret: 'the API token of the application' },
  topics: ['group_channel:message_send', 'group_channel:create', 'user:block'],
  sign: (given) => hmac({ header: 'x-sendbird-signature', ...given }),
  topicField: 'category',
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: 15_000,
    ok: '200',
    source: 'https://docs.sendbird.com/docs/chat/platform-api/v3/webhook/webhook-overview',
  },
})

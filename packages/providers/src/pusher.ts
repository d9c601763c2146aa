import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Pusher Channels. https://pusher.com/docs/channels/server_api/webhooks/ */
export const pusher: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'pusher',
  title: 'Pusher Channels',
  docs: 'https://pusher.com/docs/channels/server_api/webhooks/',
  setup: {
    steps: ['<app>', 'Webhooks'],
    secret: 'the secret of the app key that X-Pusher-Key names',
  },
  topics: ['channel_occupied', 'channel_vacated', 'member_added'],
  sign: (given) => hmac({ header: 'X-Pusher-Signature', ...given }),
  itemsField: 'events',
  topicField: 'name',
  checked: '2026-11-28',
  delivers: {
    within: 4_000,
    retries: 300_000,
    after4xx: 'retried',
    ok: '2xx',
    source:
      'https://docs.bird.com/pusher/channels/channels/webhooks/channels-webhook-timeouts-and-retries',
  },
})

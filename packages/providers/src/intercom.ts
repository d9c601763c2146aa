import { emptyReply } from '@postern/core'
import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Intercom notifications. Canvas Kit requests are signed in another way and are not supported. When you save the URL,
 * Intercom may send a HEAD request, which gets a 200. The signature has no time, so only the signed id stops a replay.
 * Intercom expects a 2xx within 5 s, retries once after a minute, and ends the subscription at a 410.
 * https://developers.intercom.com/docs/webhooks
 */
export const intercom: Factory<PresetOptions<'clientSecret'>> = /* @__PURE__ */ preset({
  name: 'intercom',
  title: 'Intercom',
  docs: 'https://developers.intercom.com/docs/webhooks',
  setup: {
    steps: ['Developer Hub', '<app>', 'Configure', 'Webhooks'],
    url: 'https://app.intercom.com/a/apps/_/developer-hub',
    secret: 'the client secret of the app',
    docs: 'https://developers.intercom.com/docs/webhooks/setting-up-webhooks',
  },
  notSecret: [[/^dG9r/, 'an access token']],
  topics: ['conversation.user.created', 'contact.user.created', 'ticket.created', 'ping'],
  handshakes: ['HEAD'],
  methods: ['POST', 'HEAD'],
  secret: 'clientSecret',
  sign: () => hmac({ header: 'X-Hub-Signature', algorithm: 'sha1', prefix: 'sha1=' }),
  greet: ({ method }) => (method === 'HEAD' ? emptyReply() : undefined),
  eventIdField: 'id',
  topicField: 'topic',
  idPrefix: 'notif_',
  sample: { type: 'notification_event', delivery_attempts: 1 },
  sends: () => ({ 'user-agent': 'intercom-webhooks/1.0' }),
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    retries: 60_000,
    givesUp:
      'paused for 15 minutes after 1000 errors, suspended after seven days of errors if the app is private, and ended by a 410',
    ok: '2xx',
    source: 'https://developers.intercom.com/docs/webhooks/webhook-notifications',
  },
})

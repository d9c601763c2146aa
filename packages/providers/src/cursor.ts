import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Cursor. The id and the topic are in unsigned headers. https://cursor.com/docs/cloud-agent/api/webhooks */
export const cursor: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'cursor',
  title: 'Cursor',
  docs: 'https://cursor.com/docs/cloud-agent/api/webhooks',
  setup: {
    place: 'webhook in the request that starts the agent',
    secret: 'webhook.secret in that request',
  },
  notSecret: [[/^(?:key|crsr)_/, 'a key for the API']],
  topics: ['statusChange'],
  sign: (given) => hmac({ header: 'X-Webhook-Signature', prefix: 'sha256=', ...given }),
  eventIdHeader: 'X-Webhook-ID',
  topicHeader: 'X-Webhook-Event',
  checked: '2026-11-28',
  delivers: {
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://docs.cursor.com/en/background-agent/api/webhooks',
  },
})

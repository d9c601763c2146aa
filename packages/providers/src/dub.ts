import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Dub. https://dub.co/docs/concepts/webhooks/introduction */
export const dub: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'dub',
  title: 'Dub',
  docs: 'https://dub.co/docs/concepts/webhooks/introduction',
  setup: { steps: ['Settings', 'Webhooks'], secret: 'the signing secret of the webhook' },
  notSecret: [[/^dub_/, 'a key for the API']],
  topics: ['link.created', 'link.clicked', 'lead.created'],
  sign: (given) => hmac({ header: 'Dub-Signature', ...given }),
  eventIdField: 'id',
  topicField: 'event',
  checked: '2026-11-28',
  delivers: {
    after4xx: 'retried',
    givesUp: 'disabled after 20 failures in a row',
    ok: '2xx',
    source: 'https://dub.co/docs/webhooks/introduction',
  },
})

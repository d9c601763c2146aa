import { hmac, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type PresetOptions } from './schemes/preset.ts'

/**
 * Hookdeck. The signature proves that Hookdeck sent the delivery, but not that Hookdeck verified the original sender.
 * The id is `X-Hookdeck-EventID`, which stays the same over attempts.
 * https://hookdeck.com/docs/authentication
 */
export const hookdeckGateway: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'hookdeck-gateway',
  title: 'Hookdeck',
  docs: 'https://hookdeck.com/docs/authentication',
  setup: { place: 'a destination of Hookdeck', secret: 'the signing secret of the project' },
  topics: ['event'],
  sign: (given) =>
    hmac({
      header: ['X-Hookdeck-Signature', 'X-Hookdeck-Signature-2'],
      encoding: 'base64',
      ...given,
    }),
  topic: topicOf('type', 'event'),
  eventIdHeader: 'X-Hookdeck-EventID',
  topicField: 'type',
  formats: ['json', 'form', 'xml', 'bytes'],
  checked: '2026-11-28',
  delivers: {
    within: 60_000,
    after4xx: 'retried, as the rules of the connection say',
    ok: '2xx',
    source:
      'https://github.com/hookdeck/webhook-skills/blob/main/skills/hookdeck-event-gateway/SKILL.md',
  },
})

import { hmac, type Factory } from '@postern/core/scheme'
import { preset, topicOf, type PresetOptions } from './schemes/preset.ts'

/** Autodesk Platform Services. https://aps.autodesk.com/en/docs/webhooks/v1/developers_guide/signature-verification/ */
export const autodeskAps: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'autodesk-aps',
  title: 'Autodesk Platform Services',
  docs: 'https://aps.autodesk.com/en/docs/webhooks/v1/developers_guide/signature-verification/',
  setup: {
    call: 'POST /webhooks/v1/systems/{system}/events/{event}/hooks',
    secret: 'the token that you set with POST /webhooks/v1/tokens',
  },
  topics: ['dm.version.added', 'dm.folder.added', 'extraction.finished'],
  sign: (given) =>
    hmac({ header: 'x-adsk-signature', prefix: 'sha1hash=', algorithm: 'sha1', ...given }),
  topic: topicOf('hook.event'),
  eventIdHeader: 'x-adsk-delivery-id',
  topicField: 'hook.event',
  checked: '2026-11-28',
  delivers: {
    within: 7_000,
    ok: '2xx',
    source:
      'https://aps.autodesk.com/en/docs/webhooks/v1/developers_guide/event-delivery-guarantees/',
  },
})

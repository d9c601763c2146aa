import { ed25519, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Telnyx. https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks */
export const telnyx: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'telnyx',
  title: 'Telnyx',
  docs: 'https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks',
  setup: {
    place: 'the messaging profile or Voice API application',
    secret: 'the public key of the account, in base64',
  },
  notSecret: [[/^KEY[\dA-F]{10,}_?/, 'a key for the API']],
  topics: ['message.received', 'message.finalized', 'call.initiated'],
  sign: (given) =>
    ed25519({
      header: 'telnyx-signature-ed25519',
      timestampHeader: 'telnyx-timestamp',
      encoding: 'base64',
      message: '{time}|{body}',
      ...given,
    }),
  eventIdField: 'data.id',
  topicField: 'data.event_type',
  example: { secret: `private:${'ZXhhbXBsZSBzZWVkIG9mIDMyIGJ5dGVzIGZvciBzaWc='}` },
  checked: '2026-11-28',
  delivers: { within: 2_000, ok: '2xx' },
})

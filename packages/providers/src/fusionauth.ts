import { jwt, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * FusionAuth with an HMAC key. If an RSA, EC or Ed25519 key signs your webhooks, use `generic` with `jwt()` as its
 * scheme. https://fusionauth.io/docs/extend/events-and-webhooks/signing
 */
export const fusionauth: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'fusionauth',
  title: 'FusionAuth',
  docs: 'https://fusionauth.io/docs/extend/events-and-webhooks/signing',
  setup: {
    steps: ['Settings', 'Webhooks', 'Add', 'Security'],
    secret: 'the secret of the HMAC key in Settings, Key Master',
  },
  topics: ['user.create', 'user.login.success', 'user.update.complete'],
  sign: () => ({
    ...jwt({
      algorithms: ['HS256', 'HS384', 'HS512'],
      header: 'X-FusionAuth-Signature-JWT',
      bodyHash: { claim: 'request_body_sha256', encoding: 'base64' },
    }),
    covers: { body: 'bytes' },
  }),
  eventIdField: 'event.id',
  topicField: 'event.type',
  checked: '2026-11-28',
  delivers: {
    after4xx: 'retried, three times, if the transaction of the event succeeds',
    ok: '2xx',
    source: 'https://fusionauth.io/docs/extend/events-and-webhooks/writing-a-webhook',
  },
})

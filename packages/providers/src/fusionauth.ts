import type { SecretOption } from '@postern/core'
import { jwt, mergeDeep, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { at, member, needed } from './common/read.ts'

/** Options of {@link fusionauth}. */
export interface FusionauthOptions {
  /** The secret of the HMAC key that signs the webhook. */
  readonly secret: SecretOption
}

/**
 * FusionAuth, signed with an HMAC key. A JSON Web Token (HS256, HS384 or HS512) in `X-FusionAuth-Signature-JWT` holds the
 * SHA-256 of the body in base64. Topic is `event.type` (`user.create`), id is `event.id`, both of them signed. Webhooks that
 * are signed with an RSA, EC or Ed25519 key are `generic` with `jwt()` as scheme.
 * https://fusionauth.io/docs/extend/events-and-webhooks/signing
 */
export const fusionauth: Factory<FusionauthOptions> = /* @__PURE__ */ provider({
  name: 'fusionauth',
  title: 'FusionAuth',
  docs: 'https://fusionauth.io/docs/extend/events-and-webhooks/signing',
  setup: {
    steps: ['Settings', 'Webhooks', 'Add', 'Security'],
    secret: 'the secret of the HMAC key in Settings, Key Master',
    docs: 'https://fusionauth.io/docs/extend/events-and-webhooks/signing',
  },
  topics: ['user.create', 'user.login.success', 'user.update.complete'],
  options: { secret: 'Secret of the HMAC key that signs.' },
  covers: { body: 'bytes', id: true },
  scheme: () => ({
    ...jwt({
      algorithms: ['HS256', 'HS384', 'HS512'],
      header: 'X-FusionAuth-Signature-JWT',
      bodyHash: { claim: 'request_body_sha256', encoding: 'base64' },
    }),
    covers: { body: 'bytes' },
  }),
  facts: {
    checked: '2026-11-28',
    delivers: {
      after4xx: 'retried, three times, if the transaction of the event succeeds',
      ok: '2xx',
      source: 'https://fusionauth.io/docs/extend/events-and-webhooks/writing-a-webhook',
    },
  },
  events: (_delivery, { value }) => [
    { id: member(value, 'event.id'), topic: needed(at(value, 'event'), 'type'), payload: value },
  ],
  compose: ({ topic = 'user.create', id = crypto.randomUUID(), payload }) => ({
    body: stringifyJson(mergeDeep({ event: { type: topic, id } }, payload)),
  }),
})

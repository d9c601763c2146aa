import type { SecretOption } from '@postern/core'
import { hmac, mergeDeep, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link typeform}. */
export interface TypeformOptions {
  /** The secret of the webhook. */
  readonly secret: SecretOption
}

/**
 * Typeform. HMAC-SHA256 over the body, in base64 although `sha256=` stands before it. Topic is `event_type`
 * (`form_response`), id is `event_id`; `form_response.token` is the submission, which partial and final events share.
 * Nothing is dated: what was captured is stopped by its id alone, which is signed. Typeform waits 30 s, retries 408, 423,
 * 429 and 503 for about 10 hours, and disables the webhook at once for 404 and 410.
 * https://www.typeform.com/developers/webhooks/secure-your-webhooks/
 */
export const typeform: Factory<TypeformOptions> = /* @__PURE__ */ provider({
  name: 'typeform',
  title: 'Typeform',
  docs: 'https://www.typeform.com/developers/webhooks/secure-your-webhooks/',
  setup: {
    call: 'PUT https://api.typeform.com/forms/{form_id}/webhooks/{tag}',
    secret: 'the text that you send as secret',
    docs: 'https://www.typeform.com/developers/webhooks/reference/create-or-update-webhook/',
  },
  notSecret: [[/^tfp_/, 'a token for the API']],
  topics: ['form_response', 'form_response_partial'],
  facts: {
    checked: '2026-11-26',
    delivers: {
      within: 30_000,
      retries: 10 * HOUR,
      after4xx: 'retried at 408, 423 and 429',
      givesUp: 'disabled at once by 404 and 410',
      ok: '2xx',
    },
  },
  options: {
    secret: 'Secret of the webhook.',
  },
  covers: { body: 'bytes', id: true },
  scheme: () =>
    hmac({
      header: 'Typeform-Signature',
      prefix: 'sha256=',
      encoding: 'base64',
    }),
  events: (_delivery, { value }) => [
    { id: text(value, 'event_id'), topic: needed(value, 'event_type'), payload: value },
  ],
  compose: ({ topic = 'form_response', id = crypto.randomUUID(), payload }) => ({
    headers: { 'user-agent': 'Typeform Webhooks' },
    body: stringifyJson(mergeDeep({ event_id: id, event_type: topic }, payload)),
  }),
})

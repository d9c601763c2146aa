import { hmac, type Factory } from '@postern/core/scheme'
import { HOUR } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Typeform. The topic is `event_type` (`form_response`) and the id is `event_id`; partial and final events share
 * `form_response.token`, which identifies the submission. The signature has no time, so only the signed id stops a
 * replay. Typeform waits 30 s for an answer. Typeform retries after 408, 423, 429 and 503 for about 10 hours, and
 * disables the webhook at once after 404 or 410.
 * https://www.typeform.com/developers/webhooks/secure-your-webhooks/
 */
export const typeform: Factory<PresetOptions> = /* @__PURE__ */ preset({
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
  sign: () => hmac({ header: 'Typeform-Signature', prefix: 'sha256=', encoding: 'base64' }),
  eventIdField: 'event_id',
  topicField: 'event_type',
  sends: () => ({ 'user-agent': 'Typeform Webhooks' }),
  checked: '2026-11-26',
  delivers: {
    within: 30_000,
    retries: 10 * HOUR,
    after4xx: 'retried at 408, 423 and 429',
    givesUp: 'disabled at once by 404 and 410',
    ok: '2xx',
  },
})

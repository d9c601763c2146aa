import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Airtable. A delivery is a ping without data, with the topic `ping` and no id. After each ping, list the payloads that
 * follow your stored cursor. Airtable may lose a ping, or send one ping for several changes. Deduplicate the payloads
 * by `baseTransactionNumber`. Airtable signs a `timestamp`, but does not document a maximum age. Airtable expects an
 * empty 200 or 204. A webhook expires after 7 days unless you refresh it.
 * https://airtable.com/developers/web/api/webhooks-overview
 */
export const airtable: Factory<PresetOptions<'macSecretBase64'>> = /* @__PURE__ */ preset({
  name: 'airtable',
  title: 'Airtable',
  docs: 'https://airtable.com/developers/web/api/webhooks-overview',
  setup: {
    call: 'POST https://api.airtable.com/v0/bases/{baseId}/webhooks',
    secret: 'macSecretBase64 in the answer of that call, shown once',
    docs: 'https://airtable.com/developers/web/api/create-a-webhook',
  },
  notSecret: [[/^(?:pat\w+\.|key\w{14}$)/, 'a token for the API']],
  topics: ['ping'],
  secret: 'macSecretBase64',
  hint: 'macSecretBase64 of the call that created the webhook.',
  sign: () =>
    hmac({ header: 'X-Airtable-Content-MAC', prefix: 'hmac-sha256=', keyEncoding: 'base64' }),
  topic: 'ping',
  sample: { base: { id: 'app00000000000000' }, webhook: { id: 'ach00000000000000' } },
  example: { macSecretBase64: 'YW4gZXhhbXBsZSBzZWNyZXQ=' },
  checked: '2026-11-28',
  delivers: {
    within: 25_000,
    givesUp: 'notifications are disabled after one that failed 13 times',
    ok: '200 or 204, empty',
    source: 'https://github.com/hookdeck/webhook-skills/tree/main/skills/airtable-webhooks',
  },
})

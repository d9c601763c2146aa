import type { Delivery, SecretOption } from '@postern/core'
import {
  hmac,
  mergeDeep,
  stringifyJson,
  type EventDraft,
  type Factory,
  type ParsedBody,
} from '@postern/core/scheme'
import { provider } from './common/provider.ts'

/** Options of {@link airtable}. */
export interface AirtableOptions {
  /** `macSecretBase64` of the call that created the webhook, which is the one time it is shown. */
  readonly macSecretBase64: SecretOption
}

/**
 * Airtable. HMAC-SHA256 over the body in `X-Airtable-Content-MAC`, with the decoded secret. A delivery is a ping without
 * data, topic `ping` and no id: list the payloads from the cursor you have stored, since pings may be lost or stand for
 * several changes, and dedupe by `baseTransactionNumber`. `timestamp` is signed, but Airtable names no age to refuse.
 * It wants an empty 200 or 204; a webhook expires after 7 days unless it is refreshed.
 * https://airtable.com/developers/web/api/webhooks-overview
 */
export const airtable: Factory<AirtableOptions> = /* @__PURE__ */ provider({
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
  facts: {
    example: { macSecretBase64: 'YW4gZXhhbXBsZSBzZWNyZXQ=' },
    checked: '2026-11-28',
    delivers: {
      within: 25_000,
      givesUp: 'notifications are disabled after one that failed 13 times',
      ok: '200 or 204, empty',
      source: 'https://github.com/hookdeck/webhook-skills/tree/main/skills/airtable-webhooks',
    },
  },
  options: {
    macSecretBase64: 'macSecretBase64 of the call that created the webhook.',
  },
  secret: 'macSecretBase64',
  ids: false,
  covers: { body: 'bytes' },
  scheme: () =>
    hmac({
      header: 'X-Airtable-Content-MAC',
      prefix: 'hmac-sha256=',
      keyEncoding: 'base64',
    }),
  events,
  compose: ({ payload, at = Date.now() }) => ({
    body: stringifyJson(
      mergeDeep(
        {
          base: { id: 'app00000000000000' },
          webhook: { id: 'ach00000000000000' },
          timestamp: new Date(at).toISOString(),
        },
        payload,
      ),
    ),
  }),
})

function events(_delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  return [{ topic: 'ping', payload: value }]
}

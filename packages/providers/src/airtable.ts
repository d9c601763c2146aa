import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  hmac,
  stringifyJson,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'

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
export function airtable<Events extends EventMap = EventMap>(
  options: AirtableOptions,
): Provider<Events> {
  return defineProvider<Events, Uint8Array>({
    name: 'airtable',
    auth: {
      scheme: hmac({
        header: 'X-Airtable-Content-MAC',
        prefix: 'hmac-sha256=',
        keyEncoding: 'base64',
      }),
      secret: options.macSecretBase64,
      option: 'macSecretBase64',
    },
    events,
    compose: ({ payload, at = Date.now() }) => ({
      body: stringifyJson({
        base: { id: 'app00000000000000' },
        webhook: { id: 'ach00000000000000' },
        timestamp: new Date(at).toISOString(),
        ...(payload as object),
      }),
    }),
  })
}

function events(_delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  return [{ topic: 'ping', payload: value }]
}

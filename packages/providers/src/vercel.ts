import { type EventMap, type SecretOption } from '@postern/core'
import { defineProvider, hmac, stringifyJson, type Provider } from '@postern/core/scheme'
import { DAY } from './common/entry.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link vercel}. */
export interface VercelOptions {
  /** The secret of the account's webhook, or the client secret of the integration. */
  readonly secret: SecretOption
}

/**
 * Vercel: webhooks of accounts and integrations. HMAC-SHA1 over the body in `X-Vercel-Signature`. Topic is `type`
 * (`deployment.created`), id is `id`; whether it is kept over retries is not documented. Nothing is dated: what was captured
 * is stopped by its id alone, which is signed. Vercel waits 30 s and retries for 24 hours.
 * https://vercel.com/docs/webhooks/webhooks-api
 */
export function vercel<Events extends EventMap = EventMap>(
  options: VercelOptions,
): Provider<Events> {
  return defineProvider<Events, Uint8Array>({
    name: 'vercel',
    auth: {
      scheme: hmac({
        header: 'X-Vercel-Signature',
        algorithm: 'sha1',
        covers: { body: 'bytes', id: true },
      }),
      secret: options.secret,
    },
    retrySpan: DAY,
    events: (_delivery, { value }) => [
      { id: text(value, 'id'), topic: needed(value, 'type'), payload: value },
    ],
    compose: ({ topic = 'deployment.created', id, at = Date.now(), payload }) => ({
      headers: { 'user-agent': 'Vercel Webhooks' },
      body: stringifyJson({
        id: id ?? `hook_${crypto.randomUUID()}`,
        type: topic,
        createdAt: at,
        ...(payload as object),
      }),
    }),
  })
}

import type { SecretOption } from '@postern/core'
import { hmac, mergeDeep, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
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
export const vercel: Factory<VercelOptions> = /* @__PURE__ */ provider({
  name: 'vercel',
  title: 'Vercel',
  docs: 'https://vercel.com/docs/webhooks/webhooks-api',
  setup: {
    steps: ['<team>', 'Settings', 'Webhooks'],
    secret: 'shown once the webhook is created; of an integration: its client secret',
    docs: 'https://vercel.com/docs/webhooks',
  },
  notSecret: [[/^vc[a-z]_/, 'a token for the API']],
  topics: ['deployment.created', 'deployment.succeeded', 'deployment.error', 'project.created'],
  facts: {
    checked: '2026-11-26',
    delivers: { within: 30_000, retries: DAY, ok: '2xx' },
  },
  options: {
    secret: 'Secret of the webhook, or client secret of the integration.',
  },
  covers: { body: 'bytes', id: true },
  scheme: () =>
    hmac({
      header: 'X-Vercel-Signature',
      algorithm: 'sha1',
    }),
  events: (_delivery, { value }) => [
    { id: text(value, 'id'), topic: needed(value, 'type'), payload: value },
  ],
  compose: ({ topic = 'deployment.created', id, at = Date.now(), payload }) => ({
    headers: { 'user-agent': 'Vercel Webhooks' },
    body: stringifyJson(
      mergeDeep(
        {
          id: id ?? `hook_${crypto.randomUUID()}`,
          type: topic,
          createdAt: at,
        },
        payload,
      ),
    ),
  }),
})

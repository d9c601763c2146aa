import type { SecretOption } from '@postern/core'
import { hmac, mergeDeep, pairs, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { needed, text } from './common/read.ts'
import { DAY } from './common/units.ts'

/** Options of {@link workos}. */
export interface WorkosOptions {
  /** The secret of the endpoint, used as it is. */
  readonly secret: SecretOption
  /** Seconds the signed time may be away from now, in the past and in the future. @default 180 */
  readonly tolerance?: number
}

/**
 * WorkOS webhooks (Actions, which need a signed reply, are not covered). HMAC-SHA256 over `t.body`, `t` in milliseconds.
 * Topic is `event` (`dsync.user.created`), id is `id`. WorkOS retries for 3 days, with growing delays; outside production
 * for some minutes.
 * https://workos.com/docs/events/data-syncing/webhooks
 */
export const workos: Factory<WorkosOptions> = /* @__PURE__ */ provider({
  name: 'workos',
  title: 'WorkOS',
  docs: 'https://workos.com/docs/events/data-syncing/webhooks',
  setup: {
    steps: ['Dashboard', 'Webhooks', 'Endpoints'],
    url: 'https://dashboard.workos.com',
    secret: 'the webhook secret of the endpoint',
    docs: 'https://github.com/workos/skills/blob/main/skills/workos/workos-directory-sync.md',
  },
  notSecret: [
    [/^sk_/, 'a key for the API'],
    [/^client_/, 'the client id'],
  ],
  topics: ['dsync.user.created', 'connection.activated', 'user.created'],
  facts: {
    place: { header: 'WorkOS-Signature' },
    checked: '2026-11-28',
    delivers: {
      retries: 3 * DAY,
      after4xx: 'retried',
      ok: '2xx',
      source: 'https://workos.com/docs/webhooks',
    },
  },
  options: {
    secret: 'Secret of the endpoint.',
    tolerance: 'Seconds the signed time may be away from now. Default 180.',
  },
  covers: { body: 'bytes', id: true, timestamp: true },
  scheme: (options) =>
    hmac({ ...SIGNATURE, timestampUnit: 'ms', tolerance: options.tolerance ?? 180 }),
  events: (_delivery, { value }) => [
    { id: text(value, 'id'), topic: needed(value, 'event'), payload: value },
  ],
  compose: ({ topic = 'dsync.user.created', id, payload }) => ({
    body: stringifyJson(
      mergeDeep(
        {
          id: id ?? `event_${crypto.randomUUID()}`,
          event: topic,
        },
        payload,
      ),
    ),
  }),
})

const SIGNATURE = /* @__PURE__ */ pairs({
  header: 'workos-signature',
  most: 1,
})

import type { SecretOption } from '@postern/core'
import { hmac, mergeDeep, pairs, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link mux}. */
export interface MuxOptions {
  /** The signing secret of the webhook; each endpoint has its own. */
  readonly webhookSecret: SecretOption
  /** Seconds the signed time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
}

/**
 * Mux Video and Data. HMAC-SHA256 over `t.body` in `Mux-Signature`; any of several `v1` may match, other versions never
 * do. Topic is `type` (`video.asset.ready`), id is `id`, signed with the body. Mux wants its 2xx within 5 s, retries with
 * growing delay for 24 hours, and may send an event twice all the same.
 * https://www.mux.com/docs/core/verify-webhook-signatures
 */
export const mux: Factory<MuxOptions> = /* @__PURE__ */ provider({
  name: 'mux',
  title: 'Mux',
  docs: 'https://www.mux.com/docs/core/verify-webhook-signatures',
  setup: {
    steps: ['Mux Dashboard', 'Settings', 'Webhooks'],
    url: 'https://dashboard.mux.com/settings/webhooks',
    call: 'POST https://api.mux.com/system/v1/webhooks',
    secret: 'the signing secret of the webhook',
    docs: 'https://www.mux.com/docs/core/manage-webhooks',
  },
  topics: ['video.asset.ready', 'video.upload.asset_created', 'video.live_stream.active'],
  facts: {
    place: { header: 'Mux-Signature' },
    checked: '2026-11-28',
    delivers: {
      within: 5_000,
      retries: DAY,
      after4xx: 'retried',
      ok: '2xx',
      source: 'https://www.mux.com/docs/core/listen-for-webhooks',
    },
  },
  options: {
    webhookSecret: 'Signing secret of the webhook.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  secret: 'webhookSecret',
  covers: { body: 'bytes', id: true, timestamp: true },
  scheme: (options) => hmac({ ...SIGNATURE, tolerance: options.tolerance }),
  events: (_delivery, { value }) => [
    { id: text(value, 'id'), topic: needed(value, 'type'), payload: value },
  ],
  compose: ({ topic = 'video.asset.ready', id = crypto.randomUUID(), payload }) => ({
    body: stringifyJson(mergeDeep({ type: topic, id }, payload)),
  }),
})

const SIGNATURE = /* @__PURE__ */ pairs({
  header: 'mux-signature',
})

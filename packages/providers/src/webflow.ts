import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Webflow. https://developers.webflow.com/data/docs/working-with-webhooks */
export const webflow: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'webflow',
  title: 'Webflow',
  docs: 'https://developers.webflow.com/data/docs/working-with-webhooks',
  setup: { call: 'POST /v2/sites/{site_id}/webhooks', secret: 'the client secret of the app' },
  topics: ['form_submission', 'site_publish', 'ecomm_new_order'],
  sign: (given) =>
    hmac({
      header: 'x-webflow-signature',
      timestampHeader: 'x-webflow-timestamp',
      timestampUnit: 'ms',
      message: '{time}:{body}',
      ...given,
    }),
  topicField: 'triggerType',
  checked: '2026-11-28',
  delivers: {
    retries: 1_800_000,
    redirect: 'failure',
    after4xx: 'retried',
    ok: '200',
    source: 'https://developers.webflow.com/data/reference/error-handling',
  },
})

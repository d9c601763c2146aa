import { hmac, type Factory } from '@postern/core/scheme'
import { getChallenge } from './schemes/challenge.ts'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Onfleet. https://docs.onfleet.com/reference/webhooks */
export const onfleet: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'onfleet',
  title: 'Onfleet',
  docs: 'https://docs.onfleet.com/reference/webhooks',
  setup: { steps: ['Settings', 'API & Webhooks'], secret: 'the webhook secret, in hex' },
  topics: ['taskStarted', 'taskCompleted', 'taskFailed'],
  sign: (given) =>
    hmac({ header: 'X-Onfleet-Signature', algorithm: 'sha512', keyEncoding: 'hex', ...given }),
  topicField: 'triggerName',
  .../* @__PURE__ */ getChallenge('check'),
  example: { secret: '6578616d706c65' },
  checked: '2026-11-28',
  delivers: {
    retries: DAY,
    after4xx: 'retried',
    givesUp: 'disabled after more than 300 failures in a row',
    ok: '200',
    source: 'https://docs.onfleet.com/reference/retry',
  },
})

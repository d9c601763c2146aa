import { hmac, type Factory } from '@postern/core/scheme'
import { agreedTopic, member } from './common/read.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Buildkite. The topic is the body's `event`. If the header `X-Buildkite-Event` differs, the delivery is rejected.
 * There is no event id.
 * https://buildkite.com/docs/apis/webhooks
 */
export const buildkite: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'buildkite',
  title: 'Buildkite',
  docs: 'https://buildkite.com/docs/apis/webhooks',
  setup: {
    steps: ['Settings', 'Notification Services', 'Webhook'],
    secret: 'the token of the service, sent as a signature',
  },
  notSecret: [[/^bk[a-z]{2}_/, 'a token for the API']],
  topics: ['build.finished', 'build.scheduled', 'job.finished'],
  hint: 'Token of the service.',
  sign: (given) =>
    hmac({
      header: 'X-Buildkite-Signature',
      pairs: { time: 'timestamp', signature: 'signature' },
      ...given,
    }),
  topic: (delivery, { value }) =>
    agreedTopic(member(value, 'event'), delivery, 'x-buildkite-event'),
  instead: {
    header: 'x-buildkite-token',
    remedy:
      'choose "Send an X-Buildkite-Signature header" as the Token of the notification service',
  },
  reads: ['x-buildkite-event'],
  topicField: 'event',
  checked: '2026-11-28',
})

import type { Factory } from '@postern/core/scheme'
import { standardFamily, type StandardFamilySecretOptions } from './schemes/standard-family.ts'

/**
 * Anthropic: Standard Webhooks. The body's `type` is always `event`, so it is not the topic.
 * https://platform.claude.com/docs/en/managed-agents/webhooks
 */
export const anthropic: Factory<StandardFamilySecretOptions> = /* @__PURE__ */ standardFamily({
  name: 'anthropic',
  title: 'Anthropic',
  docs: 'https://platform.claude.com/docs/en/managed-agents/webhooks',
  setup: {
    place: 'the webhook settings of the workspace in the Console',
    secret: 'the signing secret shown at creation',
  },
  notSecret: [[/^sk-ant-/, 'a key for the API']],
  topics: ['session.status_idled', 'session.status_terminated', 'session.status_run_started'],
  topicField: 'data.type',
  checked: '2026-11-28',
  delivers: {
    redirect: 'failure',
    after4xx: 'retried',
    givesUp: 'disabled after about 20 failures in a row, and at once by a redirect',
    ok: '2xx',
    retryId: 'same',
  },
})

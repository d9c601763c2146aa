import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Jira Cloud. The id stays the same over retries. https://developer.atlassian.com/cloud/jira/platform/webhooks/ */
export const jira: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'jira',
  title: 'Jira Cloud',
  docs: 'https://developer.atlassian.com/cloud/jira/platform/webhooks/',
  setup: { steps: ['System', 'WebHooks'], secret: 'the secret of an admin webhook' },
  notSecret: [[/^AT(?:ATT3|CTT3)/, 'a token for the API']],
  topics: ['jira:issue_created', 'jira:issue_updated', 'comment_created'],
  sign: (given) => hmac({ header: 'X-Hub-Signature', prefix: 'sha256=', ...given }),
  eventIdHeader: 'X-Atlassian-Webhook-Identifier',
  topicField: 'webhookEvent',
  checked: '2026-11-28',
  delivers: {
    retries: 1_800_000,
    after4xx: 'dropped, but 408, 409, 425 and 429',
    retryHeaders: { 'x-atlassian-webhook-retry': '1' },
    source: 'https://community.developer.atlassian.com/t/new-jira-cloud-webhook-retry-policy/30554',
  },
})

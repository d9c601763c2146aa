import { hmac, type Factory } from '@postern/core/scheme'
import { KIB } from './common/units.ts'
import { agreedTopic, text } from './common/read.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Bitbucket Cloud and Data Center. The signature is HMAC-SHA256 over the body, in `X-Hub-Signature`. The topic is
 * `X-Event-Key` (`repo:push`). The id is `X-Request-UUID`, or `X-Request-Id` on Data Center; Bitbucket does not
 * document whether a retry has the same id. Both headers are unsigned, so `covers.topic` is false: an attacker can
 * replay a captured body under another topic. Data Center also sends the topic in the body. In that case, the provider
 * ignores the header. Data Center's connection test (`diagnostics:ping`) is an event and must be signed. Cloud sends at
 * most 256 KB. For Data Center, raise `limits.body`. Bitbucket expects a 2xx within 10 s and retries at most twice.
 * https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
 */
export const bitbucket: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'bitbucket',
  title: 'Bitbucket',
  docs: 'https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/',
  setup: {
    call: 'POST https://api.bitbucket.org/2.0/repositories/{workspace}/{repo_slug}/hooks',
    place: "the repository's webhooks in Bitbucket Cloud",
    secret: 'the secret that you set for the webhook',
  },
  notSecret: [[/^AT(?:BB|CTT3|ATT3)/, 'a token for the API']],
  topics: ['repo:push', 'pullrequest:created', 'pullrequest:fulfilled', 'pr:opened', 'pr:merged'],
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    largest: 256 * KIB,
    after4xx: 'dropped',
    ok: '2xx',
    retryHeaders: { 'x-attempt-number': '2' },
    source: 'https://support.atlassian.com/bitbucket-cloud/docs/troubleshoot-webhooks/',
  },
  sign: () => hmac({ header: 'X-Hub-Signature', prefix: 'sha256=' }),
  id: (delivery) => delivery.header('x-request-uuid') || delivery.header('x-request-id'),
  eventIdHeader: 'X-Request-UUID',
  topic: (delivery, { value }) => agreedTopic(text(value, 'eventKey'), delivery, 'x-event-key'),
  topicHeader: 'X-Event-Key',
  sends: () => ({ 'user-agent': 'Bitbucket-Webhooks/2.0', 'x-attempt-number': '1' }),
})

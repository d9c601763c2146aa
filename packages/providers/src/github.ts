import { mergeDeep } from '@postern/core/internal'
import { hmac, type Factory } from '@postern/core/scheme'
import { DAY, MIB } from './common/units.ts'
import { jsonField, narrowed, text } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

/**
 * GitHub: repositories, organizations, Apps, Marketplace, Sponsors. The signature is HMAC-SHA256 over the body, in
 * `X-Hub-Signature-256`. The older SHA-1 signature is ignored. Deliveries are JSON, or forms with a field `payload`.
 * The topic is the event with its action (`issues.opened`). A subscription to the event alone (`issues`) matches too.
 * The id is `X-GitHub-Delivery`, which stays the same over redeliveries. The headers with the event and the id are
 * unsigned, so `covers.topic` is false: an attacker can replay a captured body as another event. The signature has no
 * time, so only the id stops a replay. GitHub expects a 2xx within 10 s and does not retry by itself. You can ask for
 * redeliveries within 3 days, by hand or with the API.
 *
 * Types: `github<GithubEvents>({ secret })` with `@postern/providers/types/github`.
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github: Factory<PresetOptions> = /* @__PURE__ */ sender({
  name: 'github',
  title: 'GitHub',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  setup: {
    steps: ['<repository>', 'Settings', 'Webhooks', 'Add webhook'],
    secret: 'the text that you type as Secret',
    docs: 'https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks',
  },
  notSecret: [
    [/^(?:gh[opusr]|github_pat)_/, 'a token for the API'],
    [/^(?:Iv\d|Ov23)[.\w]{12,}$/, 'the client id of the App'],
  ],
  topics: ['push', 'issues.opened', 'pull_request.synchronize', 'release.published', 'ping'],
  checked: '2026-11-26',
  delivers: {
    within: 10_000,
    largest: 25 * MIB,
    retries: 3 * DAY,
    after4xx: 'dropped, until you have it sent again',
    ok: '2xx',
    source: 'https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries',
  },
  hint: 'Secret of the webhook or of the GitHub App.',
  formats: ['json', 'form'],
  claims: 'x-github-delivery',
  topicHeader: 'x-github-event',
  covers: { body: 'bytes' },
  sign: () => hmac({ header: 'X-Hub-Signature-256', prefix: 'sha256=' }),
  events(delivery, body) {
    const payload = body.kind === 'form' ? jsonField(delivery, body, 'payload') : body.value
    const event = delivery.header('x-github-event') ?? ''
    const id = delivery.header('x-github-delivery') || undefined
    return [{ id, ...narrowed(event, text(payload, 'action')), payload }]
  },
  compose({ topic = 'ping', id, payload }) {
    const dot = topic.indexOf('.')
    const action = dot < 0 ? {} : { action: topic.slice(dot + 1) }
    return {
      headers: {
        'user-agent': 'GitHub-Hookshot/0000000',
        'x-github-event': dot < 0 ? topic : topic.slice(0, dot),
        'x-github-delivery': id ?? crypto.randomUUID(),
        'x-github-hook-id': '1',
      },
      body: JSON.stringify(mergeDeep({ ...action }, payload)),
    }
  },
})

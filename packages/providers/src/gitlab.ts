import { WebhookError, type Delivery, type SecretOption } from '@postern/core'
import type { StandardWebhooksKey } from '@postern/core/internal'
import { type Factory, standardWebhooksScheme, token, type Scheme } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { MIB } from './common/units.ts'
import { field, narrowed, text } from './common/read.ts'
import { sampleJson } from './common/paths.ts'

/** Options of {@link gitlab}. */
export interface GitlabOptions {
  /** The hook's signing token, `whsec_…` (GitLab 19 and later), or its secret token. */
  readonly token: SecretOption
  /** Maximum difference between a signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
}

/**
 * GitLab: project, group and system hooks. With a signing token, GitLab signs as in Standard Webhooks. GitLab sends a
 * secret token unchanged in `X-Gitlab-Token`, so the token proves nothing about the body. If one of your tokens is a
 * signing token, every delivery must be signed, and secret tokens are ignored. The topic is `object_kind` or
 * `event_name` with the action (`merge_request.open`; `merge_request` matches too). A custom template may lack both
 * members. The topic is then the hook's name. The id is `webhook-id`, else `Idempotency-Key`, else
 * `X-Gitlab-Event-UUID`, the only one that GitLab before 17.4 sends. If one hook triggers other hooks, all of them have
 * the same UUID. GitLab waits 10 s for an answer and disables a hook for a while after four failures. GitLab does not
 * promise retries.
 * https://docs.gitlab.com/user/project/integrations/webhooks/
 */
export const gitlab: Factory<GitlabOptions> = /* @__PURE__ */ provider({
  name: 'gitlab',
  title: 'GitLab',
  docs: 'https://docs.gitlab.com/user/project/integrations/webhooks/',
  setup: {
    steps: ['<project>', 'Settings', 'Webhooks'],
    secret: 'the token that you set for the webhook',
  },
  notSecret: [[/^gl[a-z]{2,6}-/, 'a token for the API']],
  topics: ['push', 'tag_push', 'merge_request.open', 'note', 'pipeline', 'build', 'user_create'],
  facts: {
    scheme: 'Standard Webhooks, or a token of a header, where nothing is signed',
    place: { header: 'X-Gitlab-Token' },
    tolerance: 300,
    checked: '2026-11-26',
    delivers: {
      within: 10_000,
      largest: 25 * MIB,
      givesUp: 'disabled for a while after four failures',
      ok: '2xx',
    },
  },
  options: {
    token: 'Signing token (whsec_…) or secret token of the hook.',
    tolerance: 'Seconds a signed time may be away from now. Default 300.',
  },
  claims: 'idempotency-key',
  secret: 'token',
  covers: { body: 'bytes', id: true, timestamp: true },
  scheme: (options) => gitlabScheme(options.token, options.tolerance),
  events(delivery, { value }) {
    const id = ID_HEADERS.map((name) => delivery.header(name)).find(Boolean)
    const kind = text(value, 'object_kind') ?? text(value, 'event_name') ?? hookName(delivery)
    const action = text(field(value, 'object_attributes'), 'action')
    return [{ id, ...narrowed(kind, action), payload: value }]
  },
  compose({ topic = 'push', id = crypto.randomUUID(), payload }) {
    const [kind = topic, action] = topic.split('.', 2)
    const name = kind.replace(/(?:^|_)(\w)/g, (_all, letter: string) => ` ${letter.toUpperCase()}`)
    const attributes = action !== undefined && { object_attributes: { action } }
    return {
      headers: {
        'user-agent': 'GitLab/19.1.0',
        'x-gitlab-event': `${name.trim()} Hook`,
        'x-gitlab-event-uuid': crypto.randomUUID(),
        'idempotency-key': id,
      },
      body: sampleJson({ object_kind: kind, ...attributes }, payload),
    }
  },
})

const ID_HEADERS = ['webhook-id', 'idempotency-key', 'x-gitlab-event-uuid']

function hookName(delivery: Delivery): string {
  const name = delivery.header('x-gitlab-event')?.replace(/ Hook$/, '')
  if (!name)
    throw new WebhookError('missing_topic', {
      problem: 'missing',
      header: 'x-gitlab-event',
      expected: 'a name of the event here or in the body',
    })
  return name.toLowerCase().replaceAll(' ', '_')
}

type GitlabKey = { readonly signing: StandardWebhooksKey } | { readonly plain: string }

// If there is a signing token, secret tokens are ignored. Otherwise a delivery with a secret token and without a
// signature would be accepted.
function gitlabScheme(given: SecretOption, tolerance: number | undefined): Scheme<GitlabKey> {
  const signed = standardWebhooksScheme({ tolerance })
  const plain = token({ header: 'X-Gitlab-Token' })
  return {
    covers: isSigning(given) ? signed.covers : plain.covers,
    credentials: plain.credentials!,
    reads: ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'svix-id', 'x-gitlab-token'],
    key: (secret) =>
      secret.startsWith('whsec_') ? { signing: signed.key(secret) } : { plain: plain.key(secret) },
    verify(delivery, keys, now) {
      const signing = keys.flatMap((key, at) =>
        'signing' in key ? [{ at, key: key.signing }] : [],
      )
      if (signing.length === 0) {
        const tokens = keys.flatMap((key) => ('plain' in key ? [key.plain] : []))
        return plain.verify(delivery, tokens, now)
      }
      const found = signed.verify(
        delivery,
        signing.map(({ key }) => key),
        now,
      )
      return signing[found as number]!.at
    },
    sign(request, key, now) {
      if ('plain' in key) return plain.sign!(request, key.plain, now)
      const headers = { ...request.headers, 'webhook-id': request.headers['idempotency-key'] ?? '' }
      return signed.sign!({ ...request, headers }, key.signing, now)
    },
  }
}

// A function may return either kind of token, so the result for a function is false.
function isSigning(given: SecretOption): boolean {
  return typeof given !== 'function' && String(JSON.stringify(given)).includes('"whsec_')
}

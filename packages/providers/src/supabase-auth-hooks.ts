import { jsonReply, type Delivery, type Reply, type SecretOption } from '@postern/core'
import { standardWebhooksId } from '@postern/core/internal'
import { standardWebhooksScheme, type Factory, type Guard } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import {
  composeMessage,
  familyScheme,
  type StandardFamilyOptions,
} from './schemes/standard-family.ts'
import { field, text } from './common/read.ts'
import { digestId } from './schemes/ids.ts'

/** Options of {@link supabaseAuthHooks}. */
export interface SupabaseAuthHooksOptions extends Pick<StandardFamilyOptions, 'tolerance'> {
  /**
   * The secret of the hook, `v1,whsec_<base64>`. As in Supabase's configuration, a text may have several secrets,
   * separated by `|`.
   */
  readonly secret: SecretOption
  /**
   * Name of the hook that uses this URL. The name becomes the topic. @default a name that follows from the members of
   * the payload
   */
  readonly hook?: string
}

/**
 * Supabase Auth hooks: Standard Webhooks, with `v1,` before the secret and `, ` between signatures. Your reply decides:
 * `receiver.answer('send_sms', …)`. Without an answer, the reply is `{}`, so nothing is rejected. If the answer is late
 * or fails, Supabase rejects the user's action. Supabase waits 5 s for all its tries together, and accepts JSON of up
 * to 200 KB.
 *
 * The topic is the option `hook`, because most payloads do not name their hook. Without that option, the topic is the
 * payload's `metadata.name`, if there is one (`before_user_created`). Otherwise the members of the payload decide
 * between `send_sms`, `send_email`, `custom_access_token`, `mfa_verification_attempt` and
 * `password_verification_attempt`. The id is `webhook-id`, which is new for each try. So if the same signed body comes
 * twice within 5 s, the second delivery counts as a duplicate.
 * https://supabase.com/docs/guides/auth/auth-hooks
 */
export const supabaseAuthHooks: Factory<SupabaseAuthHooksOptions> = /* @__PURE__ */ provider({
  name: 'supabase-auth-hooks',
  title: 'Supabase Auth hooks',
  docs: 'https://supabase.com/docs/guides/auth/auth-hooks',
  setup: {
    steps: ['<project>', 'Authentication', 'Hooks'],
    url: 'https://supabase.com/dashboard/project/_/auth/hooks',
    secret: 'generated with the HTTP hook: v1,whsec_…',
  },
  notSecret: [
    [/^(?:sbp|sb_secret|sb_publishable)_/, 'a key for the API'],
    [/^eyJ/, 'a key for the API, as a JSON Web Token'],
  ],
  topics: [
    'send_sms',
    'send_email',
    'custom_access_token',
    'mfa_verification_attempt',
    'password_verification_attempt',
    'before_user_created',
  ],
  facts: {
    example: { secret: 'v1,whsec_YW4gZXhhbXBsZSBzZWNyZXQ=' },
    checked: '2026-11-28',
    delivers: {
      within: 5_000,
      retries: 5000,
      redirect: 'failure',
      ok: '200 with JSON',
      retryId: 'new',
      after4xx: 'dropped, but 429',
    },
  },
  options: {
    secret: 'Secret of the hook, v1,whsec_…',
    hook: 'The hook that uses this URL. Default: found from the payload.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  claims: 'webhook-id',
  covers: { body: 'bytes', id: true, timestamp: true },
  secretOf: ({ secret }) => [
    'secret',
    typeof secret === 'string' && secret.includes('|') ? secret.split('|') : secret,
  ],
  scheme: ({ tolerance }) =>
    familyScheme({
      prefixes: ['webhook-'],
      tolerance,
      key: (given) => SCHEME.key(given.replace(/^v1,/, '')),
      signatures: (list) => list.split(/,? +/).join(' '),
    }),
  rejection: rejection(500, 'the hook failed'),
  events: (delivery, { value }, { hook }) => [
    {
      id: standardWebhooksId(delivery),
      topic: hook ?? hookOf(value),
      payload: value,
      guards: retriesOf(delivery, value),
    },
  ],
  reply(result) {
    if (result.kind !== 'rejected') return jsonReply({})
    const { code, status, retryAfter } = result.error
    const rejected = rejection(status, code.replaceAll('_', ' '))
    return retryAfter === undefined
      ? rejected
      : { ...rejected, headers: { ...rejected.headers, 'retry-after': String(retryAfter) } }
  },
  compose: (draft) => composeMessage(draft, 'webhook-id'),
})

const SCHEME = /* @__PURE__ */ standardWebhooksScheme()

// Returns keys by which the inbox recognizes a retry. Time is divided into spans of 5 s, and each try has a key for its
// own span and for the next. All tries come within 5 s, so any two tries share a key.
function retriesOf(delivery: Delivery, payload: unknown): readonly Guard[] {
  const span = Math.floor(Number(delivery.header('webhook-timestamp')) / 5)
  const digest = digestId(payload)
  return [span, span + 1].map((one) => ({ key: `${digest}:${one}`, otherwise: 'duplicate' }))
}

function hookOf(payload: unknown): string {
  const named = text(field(payload, 'metadata'), 'name')
  if (named !== undefined) return named.replaceAll('-', '_')
  if (field(payload, 'sms') !== undefined) return 'send_sms'
  if (field(payload, 'email_data') !== undefined) return 'send_email'
  if (field(payload, 'claims') !== undefined) return 'custom_access_token'
  if (field(payload, 'factor_id') !== undefined) return 'mfa_verification_attempt'
  if (field(payload, 'valid') !== undefined) return 'password_verification_attempt'
  return 'hook'
}

function rejection(status: number, message: string): Reply {
  return jsonReply({ error: { http_code: status, message } }, status)
}

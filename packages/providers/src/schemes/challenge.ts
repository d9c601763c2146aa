import { textReply, WebhookError, type Reply, type Delivery } from '@postern/core'
import type { ProviderSpec } from '@postern/core/scheme'
import { singleHeader } from '@postern/core/internal'

/**
 * Form of a challenge that a receiver may echo. A challenge does not start like JSON, so no event can pass as a
 * challenge.
 */
export const CHALLENGE: RegExp = /^[^{[][^]{0,1023}$/

export function checkedChallenge(challenge: string | undefined, shape: RegExp = CHALLENGE): string {
  if (challenge !== undefined && shape.test(challenge)) return challenge
  throw new WebhookError('handshake_rejected', {
    problem: 'malformed',
    field: 'challenge',
    expected: 'there, as this sender writes it',
  })
}

/**
 * Returns a reply with the challenge. Anybody can choose the challenge, so a header of the reply keeps browsers from
 * showing the challenge as a page.
 */
export function challengeReply(query: URLSearchParams, name: string, shape?: RegExp): Reply {
  const [challenge, ...more] = query.getAll(name)
  if (!challenge || more.length > 0)
    throw new WebhookError('handshake_rejected', {
      problem: challenge ? 'repeated' : 'missing',
      parameter: name,
      got: more.length + 1,
    })
  const reply = textReply(checkedChallenge(challenge, shape))
  return { ...reply, headers: { ...reply.headers, 'x-content-type-options': 'nosniff' } }
}

/**
 * Returns members of a provider's spec, for a sender that verifies a URL with an unsigned GET. The reply echoes the
 * query parameter `name`.
 */
export const getChallenge = (
  name: string,
): Pick<ProviderSpec<object>, 'methods' | 'handshakes' | 'challenge' | 'greet'> => ({
  methods: ['POST', 'GET'],
  handshakes: [`GET ${name}`],
  challenge: CHALLENGE,
  greet: (delivery) =>
    delivery.method === 'GET' ? challengeReply(delivery.query(), name) : undefined,
})

export const CONSENT_HEADERS: readonly string[] = ['webhook-request-origin', 'webhook-request-rate']

/**
 * Returns the answer to the OPTIONS request of CloudEvents' abuse protection. The answer allows one of the `origins` to
 * send, without a rate limit. The callback URL in the request is never fetched, because an attacker could name any
 * host.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 */
export function consent(delivery: Delivery, origins: readonly string[]): Reply {
  const origin = singleHeader(delivery, 'webhook-request-origin').trim()
  if (!origins.some((one) => one === '*' || one.toLowerCase() === origin.toLowerCase()))
    throw new WebhookError(
      'handshake_rejected',
      { problem: 'not_allowed', header: 'webhook-request-origin', expected: 'an allowed origin' },
      { status: 405, headers: { allow: 'POST' } },
    )
  const rate = delivery.header('webhook-request-rate')
  return {
    status: 200,
    headers: {
      allow: 'POST',
      'webhook-allowed-origin': origin,
      ...(rate !== undefined && { 'webhook-allowed-rate': '*' }),
    },
  }
}

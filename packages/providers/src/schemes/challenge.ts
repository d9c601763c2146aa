import { textReply, WebhookError, type Reply, type Delivery } from '@postern/core'
import type { ProviderSpec } from '@postern/core/scheme'
import { singleHeader } from '@postern/core/internal'

/** The form of an echoed challenge: it never starts like JSON, so that no event is a challenge. */
export const CHALLENGE: RegExp = /^[^{[][^]{0,1023}$/

/** The challenge itself. Throws `handshake_rejected` if it is none. */
export function checkedChallenge(challenge: string | undefined, shape: RegExp = CHALLENGE): string {
  if (challenge !== undefined && shape.test(challenge)) return challenge
  throw new WebhookError('handshake_rejected', {
    problem: 'malformed',
    field: 'challenge',
    expected: 'there, as this sender writes it',
  })
}

/**
 * The reply that echoes a challenge from the query: as plain text that no browser takes for a page, since anybody can
 * choose it. Nothing is signed.
 *
 * @throws WebhookError `handshake_rejected` if it is missing, empty, repeated or no challenge.
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

/** What a sender differs by that asks for an echo of its GET, once the webhook is made. Nothing is signed. */
export const getChallenge = (
  name: string,
): Pick<ProviderSpec<object>, 'methods' | 'handshakes' | 'challenge' | 'greet'> => ({
  methods: ['POST', 'GET'],
  handshakes: [`GET ${name}`],
  challenge: CHALLENGE,
  greet: (delivery) =>
    delivery.method === 'GET' ? challengeReply(delivery.query(), name) : undefined,
})

/** The headers that {@link consent} reads. */
export const CONSENT_HEADERS: readonly string[] = ['webhook-request-origin', 'webhook-request-rate']

/**
 * The answer to the OPTIONS request of CloudEvents' abuse protection: consent to one of the `origins`, at any rate. The
 * callback URL is never called: who asks could name any host.
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

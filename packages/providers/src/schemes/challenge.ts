import { textReply, WebhookError, type Reply } from '@postern/core'

/**
 * The reply that echoes a challenge from the query: as plain text that no browser takes for a page, since anybody can
 * choose it. Nothing is signed.
 *
 * @throws WebhookError `handshake_refused` where it is missing, empty or repeated.
 */
export function challengeReply(query: URLSearchParams, name: string): Reply {
  const [challenge, ...more] = query.getAll(name)
  if (!challenge || more.length > 0)
    throw new WebhookError('handshake_refused', `the query has not one ${name}`)
  const reply = textReply(challenge)
  return { ...reply, headers: { ...reply.headers, 'x-content-type-options': 'nosniff' } }
}

import { WebhookError, type Delivery, type Reply } from '@postern/core'
import { singleHeader } from '@postern/core/internal'

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

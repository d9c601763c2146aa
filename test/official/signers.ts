import { createHmac } from 'node:crypto'
import { sign } from '@octokit/webhooks-methods'
import type { SignableRequest } from '@postern/core/scheme'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import twilio from 'twilio'
import { secret } from './receivers.ts'

/**
 * Delivery that the provider's own package signed. If the package cannot sign, the delivery follows the recipe in the
 * provider's documentation.
 */
export interface OfficialDelivery {
  /** Name in the catalogue. */
  readonly provider: string
  readonly signer: string
  readonly request: SignableRequest
  readonly event: { readonly id: string; readonly topic: string }
}

// Text that changes if code encodes, decodes or replaces it.
const text = '$$ $& $` ☃ \u2028 "quoted" \\u001B'

/** Returns one delivery per official signer. `address` returns the URL of a provider. */
export async function officialDeliveries(
  address: (provider: string) => string,
): Promise<readonly OfficialDelivery[]> {
  const now = new Date()
  const seconds = String(Math.floor(now.getTime() / 1000))
  const issue = JSON.stringify({ action: 'opened', issue: { title: text } })
  const invoice = JSON.stringify(
    { id: 'evt_1', object: 'event', type: 'invoice.paid', data: { text } },
    null,
    2,
  )
  const message = JSON.stringify({ type: 'user.created', data: { text } })
  const mention = JSON.stringify({
    type: 'event_callback',
    event_id: 'Ev1',
    event: { type: 'app_mention', text },
  })
  const sms = { MessageSid: 'SM1', SmsStatus: 'received', Body: text }
  const stripe = new Stripe('sk_test_none').webhooks
  const json = { 'content-type': 'application/json' }

  return [
    signed('github', '@octokit/webhooks-methods', { id: 'gh1', topic: 'issues.opened' }, issue, {
      ...json,
      'x-hub-signature-256': await sign(secret, issue),
      'x-github-event': 'issues',
      'x-github-delivery': 'gh1',
    }),
    signed('stripe', 'stripe', { id: 'evt_1', topic: 'invoice.paid' }, invoice, {
      ...json,
      'stripe-signature': stripe.generateTestHeaderString({ payload: invoice, secret }),
    }),
    signed(
      'standard-webhooks',
      'standardwebhooks',
      { id: 'msg_1', topic: 'user.created' },
      message,
      {
        ...json,
        'webhook-id': 'msg_1',
        'webhook-timestamp': seconds,
        'webhook-signature': new StandardWebhook(secret).sign('msg_1', now, message),
      },
    ),
    signed('svix', 'svix', { id: 'msg_2', topic: 'user.created' }, message, {
      ...json,
      'svix-id': 'msg_2',
      'svix-timestamp': seconds,
      'svix-signature': new SvixWebhook(secret).sign('msg_2', now, message),
    }),
    signed('twilio', 'twilio', { id: 'tw1', topic: 'received' }, String(new URLSearchParams(sms)), {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(secret, address('twilio'), sms),
      'i-twilio-idempotency-token': 'tw1',
    }),
    // Bolt only verifies; Slack's page gives the recipe. https://docs.slack.dev/authentication/verifying-requests-from-slack
    signed('slack', 'recipe of docs.slack.dev', { id: 'Ev1', topic: 'app_mention' }, mention, {
      ...json,
      'x-slack-request-timestamp': seconds,
      'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${seconds}:${mention}`).digest('hex')}`,
    }),
    // @shopify/shopify-api only verifies. https://shopify.dev/docs/apps/build/webhooks/subscribe/https
    signed('shopify', 'recipe of shopify.dev', { id: 'sh1', topic: 'orders/create' }, issue, {
      ...json,
      'x-shopify-hmac-sha256': createHmac('sha256', secret).update(issue).digest('base64'),
      'x-shopify-topic': 'orders/create',
      'x-shopify-webhook-id': 'sh1',
    }),
  ]

  function signed(
    provider: string,
    signer: string,
    event: OfficialDelivery['event'],
    body: string,
    headers: Record<string, string>,
  ): OfficialDelivery {
    const request = { method: 'POST', url: address(provider), headers, body: Buffer.from(body) }
    return { provider, signer, event, request }
  }
}

import type { Receiver } from '@postern/core'
import type { Draft, Provider, SignableRequest } from '@postern/core/scheme'

/** Delivery to send, and its expected result. */
export interface Case {
  readonly source: string
  readonly what: string
  readonly request: SignableRequest
  readonly status: number
  /** Expected problem code of a rejection. */
  readonly code?: string
  /** Text that the reply's body must contain. */
  readonly reply?: string
  /** How often handlers must run for the delivery. @default 0 */
  readonly runs?: number
}

/**
 * Creates the deliveries of the demonstration, signed as each provider signs. Each run uses new ids, because the inbox
 * of an earlier run rejects known ids as duplicates.
 */
export function createCases(
  receivers: Readonly<Record<string, Receiver>>,
  origin: string,
): readonly Case[] {
  const run = Date.now().toString(36)
  const sign = (source: string, draft: Draft): SignableRequest =>
    signed(receivers[source]!.provider, { url: `${origin}/webhooks/${source}`, ...draft })

  const issue = sign('github', {
    topic: 'issues.opened',
    id: `gh-${run}`,
    payload: { action: 'opened', issue: { number: 7, title: 'Raw bytes matter' } },
  })
  const invoice = {
    id: `evt_${run}`,
    object: 'event',
    type: 'invoice.paid',
    data: { object: { id: 'in_1', amount_paid: 4200 } },
  }
  const order = sign('shopify', {
    topic: 'orders/create',
    id: `shop-${run}`,
    payload: { id: 820982911946154500, total_price: '199.00' },
  })
  const message = sign('twilio', {
    id: `tw-${run}`,
    payload: {
      MessageSid: `SM${run}`,
      SmsStatus: 'received',
      Body: 'Hallo Wörld',
      From: '+15005550006',
    },
  })
  const charge = `<?xml version="1.0"?><charge currency="EUR"><amount>12.50</amount><merchant>Bäckerei &amp; Café</merchant></charge>`

  return [
    { source: 'github', what: 'valid', request: issue, status: 200, runs: 1 },
    { source: 'github', what: 'the same again', request: issue, status: 200 },
    {
      source: 'github',
      what: 'one byte changed',
      request: tampered(issue),
      status: 401,
      code: 'signature_mismatch',
    },
    { source: 'shopify', what: 'valid', request: order, status: 200, runs: 2 },
    {
      source: 'stripe',
      what: 'valid',
      request: sign('stripe', { payload: invoice }),
      status: 200,
      runs: 1,
    },
    {
      source: 'stripe',
      what: 'signed ten minutes ago',
      request: sign('stripe', {
        payload: { ...invoice, id: `evt_${run}_old` },
        at: Date.now() - 600_000,
      }),
      status: 401,
      code: 'timestamp_too_old',
    },
    {
      source: 'stripe',
      what: 'signed ten minutes ahead',
      request: sign('stripe', {
        payload: { ...invoice, id: `evt_${run}_new` },
        at: Date.now() + 600_000,
      }),
      status: 401,
      code: 'timestamp_in_future',
    },
    { source: 'twilio', what: 'valid, form', request: message, status: 200, runs: 1 },
    {
      source: 'slack',
      what: 'url_verification',
      request: sign('slack', { payload: { type: 'url_verification', challenge: 'c-123' } }),
      status: 200,
      reply: 'c-123',
    },
    {
      source: 'slack',
      what: 'valid event',
      request: sign('slack', {
        payload: {
          type: 'event_callback',
          event_id: `Ev${run}`,
          event: { type: 'app_mention', text: 'hello' },
        },
      }),
      status: 200,
      runs: 1,
    },
    {
      source: 'slack',
      what: 'slash command, answered',
      request: sign('slack', {
        body: `command=%2Fdeploy&text=&trigger_id=${run}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
      status: 200,
      reply: 'on its way',
    },
    {
      source: 'standard-webhooks',
      what: 'valid, handler fails once',
      request: sign('standard-webhooks', {
        id: `msg_${run}`,
        payload: { type: 'invoice.created', data: {} },
      }),
      status: 200,
      runs: 2,
    },
    {
      source: 'bank',
      what: 'valid, XML',
      request: sign('bank', {
        topic: 'card.charged',
        id: `bank-${run}`,
        body: charge,
        headers: { 'content-type': 'application/xml' },
      }),
      status: 200,
      runs: 1,
    },
    {
      source: 'sensor',
      what: 'valid, GET',
      request: sign('sensor', {
        method: 'GET',
        topic: 'door.opened',
        id: `door-${run}`,
        url: `${origin}/webhooks/sensor?door=back`,
      }),
      status: 200,
      runs: 1,
    },
    {
      source: 'sensor',
      what: 'GET without its token',
      request: {
        method: 'GET',
        url: `${origin}/webhooks/sensor?event=door.opened`,
        headers: {},
        body: new Uint8Array(0),
      },
      status: 401,
      code: 'missing_header',
    },
  ]
}

function signed(provider: Provider, draft: Draft): SignableRequest {
  if (!provider.sign) throw new TypeError(`${provider.name} cannot sign`)
  return provider.sign(draft)
}

function tampered(request: SignableRequest): SignableRequest {
  const body = Uint8Array.from(request.body)
  body[body.length - 2]! ^= 1
  return { ...request, body }
}

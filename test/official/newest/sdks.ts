import { createSecretKey } from 'node:crypto'
import type { Asked, Module, Sdk } from './sdk.ts'

// The calls come from the providers' documentation. If a library changes its call, the run must fail.

interface Signed extends Asked {
  /** Value of the signature header. */
  readonly signature: string
}

type Verify = (module: Module, asked: Signed) => unknown

/** Describes a library that verifies a signature header and cannot sign. */
function verifies(
  sender: string,
  name: string,
  signature: string,
  verify: Verify,
  more: Partial<Sdk> = {},
): Sdk {
  return {
    sender,
    package: name,
    signature,
    official: (module) => ({
      verify: (asked) => verify(module, { ...asked, signature: asked.headers[signature]! }),
    }),
    ...more,
  }
}

const unwrap =
  (make: (module: Module) => Module): Verify =>
  (module, { body, headers, secret: key }) =>
    make(module).unwrap(body, { headers, key })

const STANDARD = { beside: ['standardwebhooks'] }

/**
 * Describes a library of Standard Webhooks. Its `sign` returns only the signature, so the other two headers are added
 * here.
 */
const standard =
  (prefix: string): Sdk['official'] =>
  ({ Webhook }) => ({
    verify: ({ secret, body, headers }) => new Webhook(secret).verify(body, headers),
    sign: ({ secret, body, now }) => ({
      [`${prefix}id`]: 'msg_1',
      [`${prefix}timestamp`]: String(now),
      [`${prefix}signature`]: new Webhook(secret).sign('msg_1', new Date(now * 1000), body),
    }),
  })

/** Returns the fields of a form. Repeated fields become lists. */
function formOf(body: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(body)
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const values = fields.getAll(name)
      return [name, values.length === 1 ? values[0]! : values]
    }),
  )
}

/** The example item of Adyen's documentation, limited to the signed fields. */
const ADYEN_ITEM = {
  pspReference: '7914073381342284',
  merchantAccountCode: 'TestMerchant',
  merchantReference: 'TestPayment-1407325143704',
  amount: { value: 1130, currency: 'EUR' },
  eventCode: 'AUTHORISATION',
  success: 'true',
} as const

/** Every library that verifies, by provider. Recurly's library for Node.js does not support webhooks. */
export const SDKS: readonly Sdk[] = [
  {
    sender: 'stripe',
    package: 'stripe',
    signature: 'stripe-signature',
    official({ default: Stripe }) {
      const { webhooks } = new Stripe('sk_test_none')
      return {
        verify: ({ body, headers, secret }) =>
          webhooks.constructEvent(body, headers['stripe-signature'], secret),
        sign: ({ body: payload, secret, now: timestamp }) => ({
          'stripe-signature': webhooks.generateTestHeaderString({ payload, secret, timestamp }),
        }),
      }
    },
  },
  {
    sender: 'github',
    package: '@octokit/webhooks-methods',
    signature: 'x-hub-signature-256',
    official: ({ verify, sign }) => ({
      verify: ({ secret, body, headers }) => verify(secret, body, headers['x-hub-signature-256']),
      sign: async ({ secret, body }) => ({
        'x-hub-signature-256': await sign(secret, body),
        'x-github-event': 'ping',
        'x-github-delivery': 'g1',
      }),
    }),
  },
  { sender: 'svix', package: 'svix', signature: 'svix-signature', official: standard('svix-') },
  {
    sender: 'standard-webhooks',
    package: 'standardwebhooks',
    signature: 'webhook-signature',
    official: standard('webhook-'),
  },
  verifies('twilio', 'twilio', 'x-twilio-signature', ({ default: twilio }, asked) => {
    const { secret: token, headers, url, body, method, extra, signature } = asked
    const form = formOf(method === 'GET' ? '' : body)
    const settings = headers['x-twilio-webhooks-signature-settings'] ?? ''
    const algorithm = twilio.getSignatureAlgorithm(settings)
    const shared = extra['sharedKeys'] as Readonly<Record<string, string>> | undefined
    const secret = shared?.[/key=([^,]*)/.exec(settings)?.[1] ?? ''] ?? token
    return url.includes('bodySHA256')
      ? twilio.validateRequestWithBody(secret, signature, url, body, algorithm)
      : twilio.validateRequest(secret, signature, url, form, algorithm)
  }),
  verifies(
    'slack',
    '@slack/bolt',
    'x-slack-signature',
    ({ verifySlackRequest }, { secret: signingSecret, body, headers, signature }) =>
      verifySlackRequest({
        signingSecret,
        body,
        headers: {
          'x-slack-signature': signature,
          'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
        },
      }),
    { beside: ['undici'] },
  ),
  verifies(
    'replicate',
    'replicate',
    'webhook-signature',
    ({ validateWebhook }, { body, headers, secret, signature }) =>
      validateWebhook({
        id: headers['webhook-id'],
        timestamp: headers['webhook-timestamp'],
        signature,
        body,
        secret,
      }),
  ),
  verifies(
    'anthropic',
    '@anthropic-ai/sdk',
    'webhook-signature',
    unwrap(({ default: Anthropic }) => new Anthropic({ apiKey: 'none' }).beta.webhooks),
    STANDARD,
  ),
  verifies(
    'lithic',
    'lithic',
    'webhook-signature',
    ({ default: Lithic }, { body, headers, secret }) =>
      new Lithic({ apiKey: 'none' }).webhooks.verifySignature(body, headers, secret),
    STANDARD,
  ),
  verifies(
    'dodopayments',
    'dodopayments',
    'webhook-signature',
    unwrap(({ default: Dodo }) => new Dodo({ bearerToken: 'none' }).webhooks),
    STANDARD,
  ),
  verifies(
    'openai',
    'openai',
    'webhook-signature',
    ({ default: OpenAI }, { body, headers, secret }) =>
      new OpenAI({ apiKey: 'none' }).webhooks.verifySignature(body, headers, secret),
  ),
  verifies(
    'resend',
    'resend',
    'svix-signature',
    ({ Resend }, { body: payload, headers, secret: webhookSecret, signature }) =>
      new Resend('re_none').webhooks.verify({
        payload,
        webhookSecret,
        headers: { id: headers['svix-id'], timestamp: headers['svix-timestamp'], signature },
      }),
  ),
  verifies(
    'polar',
    '@polar-sh/sdk',
    'webhook-signature',
    // After the signature has matched, the library also rejects events that this version does not know.
    async ({ webhooks }, { body, headers, secret }) => {
      try {
        await webhooks.validateEvent(body, headers, secret)
      } catch (error) {
        if (error instanceof webhooks.PolarWebhookVerificationError) return false
      }
      return true
    },
    { from: '@polar-sh/sdk/2027-01' },
  ),
  verifies(
    'telnyx',
    'telnyx',
    'telnyx-signature-ed25519',
    unwrap(({ default: Telnyx }) => new Telnyx({ apiKey: 'none' }).webhooks),
    { ours: false },
  ),
  verifies('orb', 'orb-billing', 'x-orb-signature', ({ default: Orb }, { body, headers, secret }) =>
    new Orb({ apiKey: 'none' }).webhooks.verifySignature(body, headers, secret),
  ),
  verifies(
    'modern-treasury',
    'modern-treasury',
    'x-signature',
    ({ default: ModernTreasury }, { body, headers, secret: key }) =>
      new ModernTreasury({ apiKey: 'none', organizationID: 'none' }).webhooks.validateSignature(
        body,
        headers,
        { key },
      ),
  ),
  verifies('mux', '@mux/mux-node', 'mux-signature', ({ default: Mux }, { body, headers, secret }) =>
    new Mux({ tokenId: 'none', tokenSecret: 'none' }).webhooks.verifySignature(
      body,
      headers,
      secret,
    ),
  ),
  verifies(
    'gocardless',
    'gocardless-nodejs',
    'webhook-signature',
    ({ verifySignature }, { body, secret, signature }) => verifySignature(body, secret, signature),
    { from: 'gocardless-nodejs/webhooks' },
  ),
  {
    sender: 'retell',
    package: 'retell-sdk',
    signature: 'x-retell-signature',
    official: ({ default: Retell }) => ({
      verify: ({ body, headers, secret }) =>
        Retell.verify(body, secret, headers['x-retell-signature']),
      sign: async ({ body, secret }) => ({ 'x-retell-signature': await Retell.sign(body, secret) }),
    }),
  },
  verifies(
    'elevenlabs',
    '@elevenlabs/elevenlabs-js',
    'elevenlabs-signature',
    ({ ElevenLabsClient }, { body, secret, signature }) =>
      new ElevenLabsClient({ apiKey: 'none' }).webhooks.constructEvent(body, signature, secret),
  ),
  verifies(
    'box',
    'box-node-sdk',
    'box-signature-primary',
    ({ WebhooksManager }, { body, headers, secret }) =>
      WebhooksManager.validateMessage(body, headers, secret),
    { from: 'box-node-sdk/managers/webhooks' },
  ),
  verifies(
    'webflow',
    'webflow-api',
    'x-webflow-signature',
    ({ WebflowClient }, { body, headers, secret }) =>
      new WebflowClient({ accessToken: 'none' }).webhooks.verifySignature({
        headers,
        body,
        secret,
      }),
  ),
  verifies(
    'stream',
    '@stream-io/node-sdk',
    'x-signature',
    ({ StreamClient }, { bytes, secret, signature }) => {
      new StreamClient('key', secret).verifyAndParseWebhook(bytes, signature)
    },
  ),
  verifies(
    'pusher',
    'pusher',
    'x-pusher-signature',
    ({ default: Pusher }, { body: rawBody, headers, secret }) =>
      new Pusher({ appId: '1', key: headers['x-pusher-key'] ?? 'key', secret, cluster: 'eu' })
        .webhook({
          headers: { 'content-type': 'application/json', 'x-pusher-key': 'key', ...headers },
          rawBody,
        })
        .isValid(),
  ),
  verifies(
    'easypost',
    '@easypost/api',
    'x-hmac-signature',
    ({ default: EasyPost }, { bytes, headers, secret, signature }) =>
      new EasyPost('none').Utils.validateWebhook(
        bytes,
        { 'X-Hmac-Signature': signature, ...headers },
        secret,
      ),
  ),
  verifies(
    'livekit',
    'livekit-server-sdk',
    'authorization',
    ({ WebhookReceiver }, { body, secret, extra, signature }) =>
      new WebhookReceiver(extra['apiKey'], secret).receive(body, signature),
  ),
  verifies(
    'plivo',
    'plivo',
    'x-plivo-signature-v3',
    ({ validateV3Signature }, { method, url, headers, secret, body, signature }) =>
      validateV3Signature(
        method,
        url,
        headers['x-plivo-signature-v3-nonce'],
        secret,
        signature,
        formOf(body),
      ),
  ),
  verifies(
    'qstash-gateway',
    '@upstash/qstash',
    'upstash-signature',
    ({ Receiver }, { body, secret, url, signature }) =>
      new Receiver({ currentSigningKey: secret, nextSigningKey: secret }).verify({
        signature,
        body,
        url,
      }),
  ),
  verifies(
    'line',
    '@line/bot-sdk',
    'x-line-signature',
    ({ validateSignature }, { bytes, secret, signature }) =>
      validateSignature(bytes, secret, signature),
  ),
  verifies(
    'paddle',
    '@paddle/paddle-node-sdk',
    'paddle-signature',
    ({ Paddle }, { body, secret, signature }) =>
      new Paddle('none').webhooks.isSignatureValid(body, secret, signature),
  ),
  verifies(
    'razorpay',
    'razorpay',
    'x-razorpay-signature',
    ({ default: Razorpay }, { body, secret, signature }) =>
      Razorpay.validateWebhookSignature(body, signature, secret),
  ),
  verifies(
    'square',
    'square',
    'x-square-hmacsha256-signature',
    ({ WebhooksHelper }, { body: requestBody, secret, url: notificationUrl, signature }) =>
      WebhooksHelper.verifySignature({
        requestBody,
        signatureHeader: signature,
        signatureKey: secret,
        notificationUrl,
      }),
  ),
  verifies(
    'sendgrid',
    '@sendgrid/eventwebhook',
    'x-twilio-email-event-webhook-signature',
    ({ EventWebhook }, { body, headers, extra, secret, signature }) => {
      const hook = new EventWebhook()
      return hook.verifySignature(
        hook.convertPublicKeyToECDSA(extra['publicKey'] ?? secret),
        body,
        signature,
        headers['x-twilio-email-event-webhook-timestamp'],
      )
    },
    { ours: false },
  ),
  verifies(
    'discord',
    'discord-interactions',
    'x-signature-ed25519',
    ({ verifyKey }, { bytes, headers, extra, secret, signature }) =>
      verifyKey(bytes, signature, headers['x-signature-timestamp'], extra['publicKey'] ?? secret),
    { ours: false },
  ),
  verifies(
    'linear',
    '@linear/sdk',
    'linear-signature',
    ({ LinearWebhookClient }, { bytes, secret, signature }) =>
      new LinearWebhookClient(secret).verify(bytes, signature),
    { from: '@linear/sdk/webhooks' },
  ),
  verifies(
    'sanity',
    '@sanity/webhook',
    'sanity-webhook-signature',
    ({ isValidSignature }, { body, secret, signature }) =>
      isValidSignature(body, signature, secret),
  ),
  verifies(
    'coinbase-commerce',
    'coinbase-commerce-node',
    'x-cc-webhook-signature',
    ({ Webhook }, { body, secret, signature }) => Webhook.verifySigHeader(body, signature, secret),
  ),
  verifies(
    'bird',
    'messagebird',
    'messagebird-signature-jwt',
    ({ verify }, { url, bytes, secret, signature }) =>
      verify(url, bytes, signature, createSecretKey(Buffer.from(secret))),
    { from: 'messagebird/lib/webhook-signature-jwt.js' },
  ),
  {
    sender: 'dropbox-sign',
    package: '@dropbox/sign',
    anyBody: false,
    official: ({ EventCallbackHelper, EventCallbackRequest }) => ({
      async verify({ bytes, headers, secret }) {
        const form = await new Response(Uint8Array.from(bytes), { headers }).formData()
        const event = EventCallbackRequest.init(JSON.parse(form.get('json') as string))
        return EventCallbackHelper.isValid(secret, event)
      },
    }),
  },
  verifies(
    'mercado-pago',
    'mercadopago',
    'x-signature',
    ({ WebhookSignatureValidator }, { url, headers, secret, signature: xSignature }) =>
      WebhookSignatureValidator.validate({
        xSignature,
        xRequestId: headers['x-request-id'],
        dataId: new URL(url).searchParams.get('data.id'),
        secret,
      }),
  ),
  {
    sender: 'hubspot',
    package: '@hubspot/api-client',
    signature: 'x-hubspot-signature-v3',
    official: ({ Signature }) => ({
      verify({ method, url, headers, body: requestBody, secret: clientSecret }) {
        const newest = headers['x-hubspot-signature-v3']
        return Signature.isValid({
          method,
          url,
          requestBody,
          clientSecret,
          signature: newest ?? headers['x-hubspot-signature'],
          signatureVersion: newest ? 'v3' : headers['x-hubspot-signature-version'],
          ...(newest && { timestamp: Number(headers['x-hubspot-request-timestamp']) }),
        })
      },
      sign({ method, url, body: requestBody, secret: clientSecret, now }) {
        const timestamp = now * 1000
        const signed = { url, requestBody, clientSecret, timestamp }
        return {
          'x-hubspot-request-timestamp': String(timestamp),
          'x-hubspot-signature-v3': Signature.getSignature(method, 'v3', signed),
        }
      },
    }),
  },
  {
    sender: 'braintree',
    package: 'braintree',
    anyBody: false,
    official({ default: { BraintreeGateway, Environment } }) {
      const gateway = ({ secret: privateKey, extra }: Asked): Module =>
        new BraintreeGateway({
          environment: Environment.Sandbox,
          merchantId: 'none',
          publicKey: extra['publicKey'],
          privateKey,
        })
      return {
        async verify(asked) {
          const form = new URLSearchParams(asked.body)
          await gateway(asked).webhookNotification.parse(
            form.get('bt_signature'),
            form.get('bt_payload'),
          )
        },
        async make(asked) {
          const { bt_signature, bt_payload } = await gateway(
            asked,
          ).webhookTesting.sampleNotification('subscription_went_past_due', 's1')
          return {
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: String(new URLSearchParams({ bt_signature, bt_payload })),
          }
        },
      }
    },
  },
  {
    sender: 'adyen',
    package: '@adyen/api-library',
    from: '@adyen/api-library/lib/src/utils/hmacValidator.js',
    anyBody: false,
    official({ default: all }) {
      const validator = new (all.default ?? all)()
      return {
        verify: ({ body, secret }) =>
          JSON.parse(body).notificationItems.every((one: Module) =>
            validator.validateHMAC(one.NotificationRequestItem, secret),
          ),
        make({ secret }) {
          const hmacSignature = validator.calculateHmac(ADYEN_ITEM, secret)
          const item = { ...ADYEN_ITEM, additionalData: { hmacSignature } }
          return {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              live: 'false',
              notificationItems: [{ NotificationRequestItem: item }],
            }),
          }
        },
      }
    },
  },
  {
    sender: 'contentful',
    package: '@contentful/node-apps-toolkit',
    signature: 'x-contentful-signature',
    official({ verifyRequest, signRequest }) {
      const requestOf = ({ method, url, headers, body }: Asked): Module => {
        const { pathname, search } = new URL(url)
        return { method, headers, body, path: pathname + search }
      }
      return {
        verify: (asked) => verifyRequest(asked.secret, requestOf(asked)),
        sign(asked) {
          const sent = { 'content-type': 'application/json', 'x-contentful-topic': 'a.b' }
          const request = { ...requestOf(asked), headers: sent }
          return {
            ...sent,
            ...signRequest(asked.secret, request, asked.now * 1000),
          }
        },
      }
    },
  },
]

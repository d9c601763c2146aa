import { createSecretKey } from 'node:crypto'
import type { Asked, Module, Sdk } from './sdk.ts'

// The calls that the senders' own pages show. A library whose call changes fails the run, which is what it is for.

const unwrap =
  (make: (module: Module, asked: Asked) => Module): Sdk['official'] =>
  (module) => ({
    verify: (asked) =>
      make(module, asked).unwrap(asked.body, { headers: asked.headers, key: asked.secret }),
  })

const list = (module: Module): ReturnType<Sdk['official']> => {
  const { Webhook } = module
  return {
    verify: ({ secret, body, headers }) => new Webhook(secret).verify(body, headers),
    sign: ({ secret, body, now }) => ({
      id: 'msg_1',
      timestamp: String(now),
      signature: new Webhook(secret).sign('msg_1', new Date(now * 1000), body),
    }),
  }
}

/** The fields of a form, those that come several times as lists. */
function formOf(body: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(body)
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const values = fields.getAll(name)
      return [name, values.length === 1 ? values[0]! : values]
    }),
  )
}

function named(prefix: string): Sdk['official'] {
  return (module) => {
    const { verify, sign } = list(module)
    return {
      verify,
      async sign(asked) {
        const made = Object.entries(await sign!(asked))
        return Object.fromEntries(made.map(([name, value]) => [`${prefix}${name}`, value]))
      },
    }
  }
}

/** The item that Adyen's documentation shows, as far as it is signed. */
const ADYEN_ITEM = {
  pspReference: '7914073381342284',
  merchantAccountCode: 'TestMerchant',
  merchantReference: 'TestPayment-1407325143704',
  amount: { value: 1130, currency: 'EUR' },
  eventCode: 'AUTHORISATION',
  success: 'true',
} as const

/** Every library that verifies, by its sender. Recurly's for Node.js has nothing for webhooks. */
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
  { sender: 'svix', package: 'svix', signature: 'svix-signature', official: named('svix-') },
  {
    sender: 'standard-webhooks',
    package: 'standardwebhooks',
    signature: 'webhook-signature',
    official: named('webhook-'),
  },
  {
    sender: 'twilio',
    package: 'twilio',
    signature: 'x-twilio-signature',
    official: ({ default: twilio }) => ({
      verify({ secret: token, headers, url, body, method, extra }) {
        const signature = headers['x-twilio-signature']
        const form = formOf(method === 'GET' ? '' : body)
        const settings = headers['x-twilio-webhooks-signature-settings'] ?? ''
        const algorithm = twilio.getSignatureAlgorithm(settings)
        const shared = extra['sharedKeys'] as Readonly<Record<string, string>> | undefined
        const secret = shared?.[/key=([^,]*)/.exec(settings)?.[1] ?? ''] ?? token
        return url.includes('bodySHA256')
          ? twilio.validateRequestWithBody(secret, signature, url, body, algorithm)
          : twilio.validateRequest(secret, signature, url, form, algorithm)
      },
    }),
  },
  {
    sender: 'slack',
    package: '@slack/bolt',
    beside: ['undici'],
    signature: 'x-slack-signature',
    official: ({ verifySlackRequest, default: bolt }) => ({
      verify: ({ secret: signingSecret, body, headers }) =>
        (verifySlackRequest ?? bolt.verifySlackRequest)({
          signingSecret,
          body,
          headers: {
            'x-slack-signature': headers['x-slack-signature'],
            'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
          },
        }),
    }),
  },
  {
    sender: 'replicate',
    package: 'replicate',
    signature: 'webhook-signature',
    official: ({ validateWebhook, default: replicate }) => ({
      verify: ({ body, headers, secret }) =>
        (validateWebhook ?? replicate.validateWebhook)({
          id: headers['webhook-id'],
          timestamp: headers['webhook-timestamp'],
          signature: headers['webhook-signature'],
          body,
          secret,
        }),
    }),
  },
  {
    sender: 'anthropic',
    package: '@anthropic-ai/sdk',
    beside: ['standardwebhooks'],
    signature: 'webhook-signature',
    official: unwrap(({ default: Anthropic }) => new Anthropic({ apiKey: 'none' }).beta.webhooks),
  },
  {
    sender: 'lithic',
    package: 'lithic',
    beside: ['standardwebhooks'],
    signature: 'webhook-signature',
    official: ({ default: Lithic }) => ({
      verify: ({ body, headers, secret }) =>
        new Lithic({ apiKey: 'none' }).webhooks.verifySignature(body, headers, secret),
    }),
  },
  {
    sender: 'dodopayments',
    package: 'dodopayments',
    beside: ['standardwebhooks'],
    signature: 'webhook-signature',
    official: unwrap(({ default: Dodo }) => new Dodo({ bearerToken: 'none' }).webhooks),
  },
  {
    sender: 'openai',
    package: 'openai',
    signature: 'webhook-signature',
    official: ({ default: OpenAI }) => ({
      verify: async ({ body, headers, secret }) =>
        await new OpenAI({ apiKey: 'none' }).webhooks.verifySignature(body, headers, secret),
    }),
  },
  {
    sender: 'resend',
    package: 'resend',
    signature: 'svix-signature',
    official: ({ Resend }) => ({
      verify: ({ body: payload, headers, secret: webhookSecret }) =>
        new Resend('re_none').webhooks.verify({
          payload,
          webhookSecret,
          headers: {
            id: headers['svix-id'],
            timestamp: headers['svix-timestamp'],
            signature: headers['svix-signature'],
          },
        }),
    }),
  },
  {
    sender: 'polar',
    package: '@polar-sh/sdk',
    from: '@polar-sh/sdk/2027-01',
    signature: 'webhook-signature',
    official: ({ webhooks: { validateEvent, PolarWebhookVerificationError } }) => ({
      // A body that is no event of this version is rejected too, after the signature matched.
      async verify({ body, headers, secret }) {
        try {
          await validateEvent(body, headers, secret)
        } catch (error) {
          if (error instanceof PolarWebhookVerificationError) return false
        }
        return true
      },
    }),
  },
  {
    sender: 'telnyx',
    package: 'telnyx',
    ours: false,
    signature: 'telnyx-signature-ed25519',
    official: unwrap(({ default: Telnyx }) => new Telnyx({ apiKey: 'none' }).webhooks),
  },
  {
    sender: 'orb',
    package: 'orb-billing',
    signature: 'x-orb-signature',
    official: ({ default: Orb }) => ({
      verify: ({ body, headers, secret }) =>
        new Orb({ apiKey: 'none' }).webhooks.verifySignature(body, headers, secret),
    }),
  },
  {
    sender: 'modern-treasury',
    package: 'modern-treasury',
    signature: 'x-signature',
    official: ({ default: ModernTreasury }) => ({
      verify: ({ body, headers, secret }) =>
        new ModernTreasury({ apiKey: 'none', organizationID: 'none' }).webhooks.validateSignature(
          body,
          headers,
          { key: secret },
        ),
    }),
  },
  {
    sender: 'mux',
    package: '@mux/mux-node',
    signature: 'mux-signature',
    official: ({ default: Mux }) => ({
      verify: ({ body, headers, secret }) =>
        new Mux({ tokenId: 'none', tokenSecret: 'none' }).webhooks.verifySignature(
          body,
          headers,
          secret,
        ),
    }),
  },
  {
    sender: 'gocardless',
    package: 'gocardless-nodejs',
    from: 'gocardless-nodejs/webhooks',
    signature: 'webhook-signature',
    official: ({ verifySignature, default: webhooks }) => ({
      verify: ({ body, headers, secret }) =>
        (verifySignature ?? webhooks.verifySignature)(body, secret, headers['webhook-signature']),
    }),
  },
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
  {
    sender: 'elevenlabs',
    package: '@elevenlabs/elevenlabs-js',
    signature: 'elevenlabs-signature',
    official: ({ ElevenLabsClient }) => ({
      verify: async ({ body, headers, secret }) =>
        await new ElevenLabsClient({ apiKey: 'none' }).webhooks.constructEvent(
          body,
          headers['elevenlabs-signature'],
          secret,
        ),
    }),
  },
  {
    sender: 'box',
    package: 'box-node-sdk',
    from: 'box-node-sdk/managers/webhooks',
    signature: 'box-signature-primary',
    official: ({ WebhooksManager }) => ({
      verify: ({ body, headers, secret }) => WebhooksManager.validateMessage(body, headers, secret),
    }),
  },
  {
    sender: 'webflow',
    package: 'webflow-api',
    signature: 'x-webflow-signature',
    official: ({ WebflowClient }) => ({
      verify: ({ body, headers, secret }) =>
        new WebflowClient({ accessToken: 'none' }).webhooks.verifySignature({
          headers,
          body,
          secret,
        }),
    }),
  },
  {
    sender: 'stream',
    package: '@stream-io/node-sdk',
    signature: 'x-signature',
    official: ({ StreamClient }) => ({
      verify({ bytes, headers, secret }) {
        new StreamClient('key', secret).verifyAndParseWebhook(bytes, headers['x-signature'])
        return true
      },
    }),
  },
  {
    sender: 'pusher',
    package: 'pusher',
    signature: 'x-pusher-signature',
    official: ({ default: Pusher }) => ({
      verify: ({ body: rawBody, headers, secret }) =>
        new Pusher({ appId: '1', key: headers['x-pusher-key'] ?? 'key', secret, cluster: 'eu' })
          .webhook({
            headers: { 'content-type': 'application/json', 'x-pusher-key': 'key', ...headers },
            rawBody,
          })
          .isValid(),
    }),
  },
  {
    sender: 'easypost',
    package: '@easypost/api',
    signature: 'x-hmac-signature',
    official: ({ default: EasyPost }) => ({
      verify: ({ bytes, headers, secret }) =>
        new EasyPost('none').Utils.validateWebhook(
          bytes,
          { 'X-Hmac-Signature': headers['x-hmac-signature'], ...headers },
          secret,
        ),
    }),
  },
  {
    sender: 'livekit',
    package: 'livekit-server-sdk',
    signature: 'authorization',
    official: ({ WebhookReceiver }) => ({
      verify: async ({ body, headers, secret, extra }) =>
        await new WebhookReceiver(extra['apiKey'], secret).receive(body, headers['authorization']),
    }),
  },
  {
    sender: 'plivo',
    package: 'plivo',
    signature: 'x-plivo-signature-v3',
    official: ({ validateV3Signature, default: plivo }) => ({
      verify: ({ method, url, headers, secret, body }) =>
        (validateV3Signature ?? plivo.validateV3Signature)(
          method,
          url,
          headers['x-plivo-signature-v3-nonce'],
          secret,
          headers['x-plivo-signature-v3'],
          formOf(body),
        ),
    }),
  },
  {
    sender: 'qstash-gateway',
    package: '@upstash/qstash',
    signature: 'upstash-signature',
    official: ({ Receiver }) => ({
      verify: ({ body, headers, secret, url }) =>
        new Receiver({ currentSigningKey: secret, nextSigningKey: secret }).verify({
          signature: headers['upstash-signature'],
          body,
          url,
        }),
    }),
  },
  {
    sender: 'line',
    package: '@line/bot-sdk',
    signature: 'x-line-signature',
    official: ({ validateSignature }) => ({
      verify: ({ bytes, headers, secret }) =>
        validateSignature(bytes, secret, headers['x-line-signature']),
    }),
  },
  {
    sender: 'paddle',
    package: '@paddle/paddle-node-sdk',
    signature: 'paddle-signature',
    official: ({ Paddle }) => ({
      verify: ({ body, headers, secret }) =>
        new Paddle('none').webhooks.isSignatureValid(body, secret, headers['paddle-signature']),
    }),
  },
  {
    sender: 'razorpay',
    package: 'razorpay',
    signature: 'x-razorpay-signature',
    official: ({ default: Razorpay }) => ({
      verify: ({ body, headers, secret }) =>
        Razorpay.validateWebhookSignature(body, headers['x-razorpay-signature'], secret),
    }),
  },
  {
    sender: 'square',
    package: 'square',
    signature: 'x-square-hmacsha256-signature',
    official: ({ WebhooksHelper }) => ({
      verify: ({ body: requestBody, headers, secret: signatureKey, url: notificationUrl }) =>
        WebhooksHelper.verifySignature({
          requestBody,
          signatureHeader: headers['x-square-hmacsha256-signature'],
          signatureKey,
          notificationUrl,
        }),
    }),
  },
  {
    sender: 'sendgrid',
    package: '@sendgrid/eventwebhook',
    ours: false,
    signature: 'x-twilio-email-event-webhook-signature',
    official: ({ EventWebhook, default: all }) => ({
      verify({ body, headers, extra, secret }) {
        const hook = new (EventWebhook ?? all.EventWebhook)()
        return hook.verifySignature(
          hook.convertPublicKeyToECDSA(extra['publicKey'] ?? secret),
          body,
          headers['x-twilio-email-event-webhook-signature'],
          headers['x-twilio-email-event-webhook-timestamp'],
        )
      },
    }),
  },
  {
    sender: 'discord',
    package: 'discord-interactions',
    ours: false,
    signature: 'x-signature-ed25519',
    official: ({ verifyKey }) => ({
      verify: ({ bytes, headers, extra, secret }) =>
        verifyKey(
          bytes,
          headers['x-signature-ed25519'],
          headers['x-signature-timestamp'],
          extra['publicKey'] ?? secret,
        ),
    }),
  },
  {
    sender: 'linear',
    package: '@linear/sdk',
    from: '@linear/sdk/webhooks',
    signature: 'linear-signature',
    official: ({ LinearWebhookClient }) => ({
      verify: ({ bytes, headers, secret }) =>
        new LinearWebhookClient(secret).verify(bytes, headers['linear-signature']),
    }),
  },
  {
    sender: 'sanity',
    package: '@sanity/webhook',
    signature: 'sanity-webhook-signature',
    official: ({ isValidSignature, default: all }) => ({
      verify: ({ body, headers, secret }) =>
        (isValidSignature ?? all.isValidSignature)(
          body,
          headers['sanity-webhook-signature'],
          secret,
        ),
    }),
  },
  {
    sender: 'coinbase-commerce',
    package: 'coinbase-commerce-node',
    signature: 'x-cc-webhook-signature',
    official: ({ default: { Webhook } }) => ({
      verify: ({ body, headers, secret }) =>
        Webhook.verifySigHeader(body, headers['x-cc-webhook-signature'], secret),
    }),
  },
  {
    sender: 'bird',
    package: 'messagebird',
    from: 'messagebird/lib/webhook-signature-jwt.js',
    signature: 'messagebird-signature-jwt',
    official: ({ default: { verify } }) => ({
      verify: async ({ url, bytes, headers, secret }) =>
        await verify(
          url,
          bytes,
          headers['messagebird-signature-jwt'],
          createSecretKey(Buffer.from(secret)),
        ),
    }),
  },
  {
    sender: 'dropbox-sign',
    package: '@dropbox/sign',
    anyBody: false,
    official: ({ EventCallbackHelper, EventCallbackRequest, default: all }) => ({
      async verify({ bytes, headers, secret }) {
        const form = await new Response(Uint8Array.from(bytes), { headers }).formData()
        const event = (EventCallbackRequest ?? all.EventCallbackRequest).init(
          JSON.parse(form.get('json') as string),
        )
        return (EventCallbackHelper ?? all.EventCallbackHelper).isValid(secret, event)
      },
    }),
  },
  {
    sender: 'mercado-pago',
    package: 'mercadopago',
    signature: 'x-signature',
    official: ({ WebhookSignatureValidator, default: all }) => ({
      verify: ({ url, headers, secret }) =>
        (WebhookSignatureValidator ?? all.WebhookSignatureValidator).validate({
          xSignature: headers['x-signature'],
          xRequestId: headers['x-request-id'],
          dataId: new URL(url).searchParams.get('data.id'),
          secret,
        }),
    }),
  },
  {
    sender: 'hubspot',
    package: '@hubspot/api-client',
    signature: 'x-hubspot-signature-v3',
    official({ Signature, default: all }) {
      const own = Signature ?? all.Signature
      return {
        verify({ method, url, headers, body: requestBody, secret: clientSecret }) {
          const newest = headers['x-hubspot-signature-v3']
          return own.isValid({
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
            'x-hubspot-signature-v3': own.getSignature(method, 'v3', signed),
          }
        },
      }
    },
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
    official({ verifyRequest, signRequest, default: all }) {
      const requestOf = ({ method, url, headers, body }: Asked): Module => {
        const { pathname, search } = new URL(url)
        return { method, headers, body, path: pathname + search }
      }
      return {
        verify: (asked) => (verifyRequest ?? all.verifyRequest)(asked.secret, requestOf(asked)),
        sign(asked) {
          const sent = { 'content-type': 'application/json', 'x-contentful-topic': 'a.b' }
          const request = { ...requestOf(asked), headers: sent }
          return {
            ...sent,
            ...(signRequest ?? all.signRequest)(asked.secret, request, asked.now * 1000),
          }
        },
      }
    },
  },
]

/** The compared subjects, how they are used, and which work of the Postern receiver they leave out. */
export const PEERS: readonly (readonly [subject: string, usedAs: string, doesLess: string])[] = [
  ['bare', 'node:http that drains the body and answers 200', 'everything'],
  [
    'hand-written',
    'collect, HMAC, constant-time compare, JSON.parse, Map look-up, 200',
    'no limit of size, time or depth, no dedupe, no tasks, no retry, no observers',
  ],
  [
    'octokit',
    '`createNodeMiddleware` of @octokit/webhooks',
    'no limits, no dedupe, no retry; answers after the handlers, or after 9 s whether they ended or not',
  ],
  [
    'stripe',
    '`constructEvent` after `express.raw`',
    'no dedupe, no dispatch, no retry; express.raw bounds the size',
  ],
  [
    'standardwebhooks',
    '`Webhook.verify` after `express.raw`',
    'no dedupe, no dispatch, no retry; express.raw bounds the size',
  ],
  [
    'svix',
    '`Webhook.verify` after `express.raw`',
    'no dedupe, no dispatch, no retry; express.raw bounds the size',
  ],
  [
    'twilio',
    '`twilio.webhook` after `express.urlencoded`',
    'no dedupe, no dispatch, no retry; express.urlencoded bounds the size',
  ],
  [
    'bolt',
    '`App` with HTTPReceiver or ExpressReceiver, acknowledging at once',
    'no dedupe, no store, no retry of failed listeners; it runs the middleware of a Slack app, which Postern has not',
  ],
  [
    'tern',
    '`createWebhookMiddleware` for Express, without its optional queue',
    'no dedupe without a Redis of its own, no dispatch, no limit of size',
  ],
]

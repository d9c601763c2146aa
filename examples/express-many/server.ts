// Five providers on one app. Each has its own receiver, with its own secret, limits and subscriptions.
import { createReceiver, memoryInbox } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/express'
import { github, shopify, slack, standardWebhooks, stripe } from '@postern/providers'
import express from 'express'

const env = process.env as Record<string, string>
const inbox = memoryInbox()
const receivers = {
  github: createReceiver({ inbox, provider: github({ secret: env['GITHUB_WEBHOOK_SECRET']! }) }),
  shopify: createReceiver({ inbox, provider: shopify({ secret: env['SHOPIFY_CLIENT_SECRET']! }) }),
  slack: createReceiver({
    inbox,
    provider: slack({ signingSecret: env['SLACK_SIGNING_SECRET']! }),
  }),
  stripe: createReceiver({ inbox, provider: stripe({ secret: env['STRIPE_WEBHOOK_SECRET']! }) }),
  acme: createReceiver({
    inbox,
    name: 'acme',
    provider: standardWebhooks({ secret: env['ACME_WEBHOOK_SECRET']! }),
  }),
}

const app = express()
for (const [name, receiver] of Object.entries(receivers)) {
  receiver.onAny((event) => console.log(`${event.receiver} sent ${event.topic} ${event.id ?? ''}`))
  receiver.onDead((task, error) =>
    console.error(`${task.receiver}: gave up on ${task.topic}: ${error.message}`),
  )
  app.all(`/webhooks/${name}`, webhook(receiver))
}
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: Object.values(receivers), inboxes: [inbox] })

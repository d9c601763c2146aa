// Stripe in, three of your own systems out. The slow one and the one that is down hold up nobody: each destination has
// a task of its own for each event, its own limit and its own circuit breaker.
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/express'
import { forward, signer } from '@postern/forward'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
import express from 'express'

const inbox = sqliteInbox({ path: process.env['WEBHOOKS_DB'] ?? 'webhooks.db' })
const receiver = createReceiver({
  provider: stripe({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
  inbox,
})
const systems = forward({
  to: [
    { id: 'ledger', url: process.env['LEDGER_URL']! },
    { id: 'mailing', url: process.env['MAILING_URL']! },
    { id: 'reports', url: process.env['REPORTS_URL']! },
  ],
  // One after the other in a rotation: both signatures go out.
  sign: signer({ secret: process.env['SYSTEMS_SECRET']!.split(',') }),
  retry: { attempts: 20, initialDelay: '200ms', maxDelay: '1m' },
  // They are in our own network. Leave both out if others choose the URLs.
  allowPrivate: true,
  allowHttp: true,
  records: inbox.records,
  onGone: ({ id }) => console.log(`${id} wants no more`),
})

receiver.on(['invoice.*', 'customer.**'], { name: 'systems' }, systems)
receiver.onDead((task, error) => console.error(`${task.id} gave up: ${error.message}`))

const app = express()
app.all('/webhooks/stripe', webhook(receiver))
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [receiver], inboxes: [systems, inbox] })

// Stripe's events go to three of your own systems. A slow system or one that is down does not delay the others. For
// each event, each destination has its own task, and each destination has its own limit and circuit breaker.
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
  // During a rotation, list both secrets, separated by a comma. Each request then carries both signatures.
  sign: signer({ secret: process.env['SYSTEMS_SECRET']!.split(',') }),
  retry: { attempts: 20, initialDelay: '200ms', maxDelay: '1m' },
  // The systems are in your own network. If others choose the URLs, leave out both options.
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

// Paid Stripe invoices become credit in PostgreSQL. One transaction stores the credit and completes the task, so a
// crash leaves both or neither. Any number of these processes can share one database. Create the table first:
// psql "$DATABASE_URL" -f credits.sql
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/express'
import { postgresInbox } from '@postern/postgres'
import { stripe } from '@postern/providers/stripe'
import express from 'express'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL']! })
// Without this listener, the process exits when an idle connection breaks. The next query opens a new connection.
pool.on('error', (error) => console.log('PostgreSQL:', error.message))

// If a process is killed, another process runs its tasks after this time.
const inbox = postgresInbox({ pool, lease: '5s' })
const receiver = createReceiver({
  provider: stripe({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
  inbox,
})

receiver.on('invoice.paid', { name: 'credit', orderingKey: customerOf }, async (event, task) => {
  const customer = customerOf(event)
  const { amount_paid: cents } = (event.payload as StripeEvent).data.object
  // Do slow work before this call, because it holds a transaction open. It also completes the task.
  await task.commit(({ query }) =>
    query(
      `INSERT INTO credits (customer, cents) VALUES ($1, $2)
       ON CONFLICT (customer) DO UPDATE SET cents = credits.cents + excluded.cents`,
      [customer, cents],
    ),
  )
  console.log(`${customer} has paid ${cents}`)
})

function customerOf(event: { payload: unknown }): string {
  return (event.payload as StripeEvent).data.object.customer
}

interface StripeEvent {
  data: { object: { customer: string; amount_paid: number } }
}

const app = express()
app.all('/webhooks/stripe', webhook(receiver)) // before express.json()
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox, { close: () => pool.end() }] })

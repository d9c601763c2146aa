// Stripe on AWS Lambda. `handler` stores an event before its 200. An EventBridge schedule calls `cron` each minute,
// which runs the handlers. If a function freezes or ends in between, no event is lost. Create the table first:
// psql "$DATABASE_URL" -f credits.sql
import { runDue, webhook } from '@postern/aws-lambda'
import { createReceiver } from '@postern/core'
import { postgresInbox } from '@postern/postgres'
import { stripe } from '@postern/providers/stripe'

const receiver = createReceiver({
  provider: stripe({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
  inbox: postgresInbox({ connectionString: process.env['DATABASE_URL']! }),
  worker: 'onDemand',
})

receiver.on('invoice.paid', { name: 'credit' }, async (event, task) => {
  const { data } = event.payload as { data: { object: { customer: string; amount_paid: number } } }
  const { customer, amount_paid: cents } = data.object
  // One transaction stores the credit and completes the task, so each invoice counts once.
  await task.commit(({ query }) =>
    query(
      `INSERT INTO credits (customer, cents) VALUES ($1, $2)
       ON CONFLICT (customer) DO UPDATE SET cents = credits.cents + excluded.cents`,
      [customer, cents],
    ),
  )
})

export const handler = webhook(receiver)
export const cron = runDue(receiver, { leave: '2s' })

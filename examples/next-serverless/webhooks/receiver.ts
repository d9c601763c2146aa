// Stripe on a host without a process that goes on: the delivery stores its event in PostgreSQL, and the cron of the host
// runs what is due, retries included. A function that is killed between the two loses nothing.
import { createReceiver } from '@postern/core'
import { singleton, hotReloadable } from '@postern/next'
import { postgresInbox } from '@postern/postgres'
import { stripe } from '@postern/providers/stripe'
import type { StripeEvents } from '@postern/providers/types/stripe'

const inbox = singleton('inbox', () =>
  postgresInbox({ connectionString: process.env['DATABASE_URL']!, lease: '5s' }),
)

export const receiver = hotReloadable('stripe', () =>
  createReceiver({
    provider: stripe<StripeEvents>({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
    inbox,
    // Only the cron runs tasks.
    worker: 'onDemand',
  }).on('invoice.paid', { name: 'settle' }, ({ payload }) => {
    const invoice = payload.data.object
    console.log(`invoice ${invoice.id} paid: ${invoice.amount_paid} ${invoice.currency}`)
  }),
)

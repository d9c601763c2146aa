// Stripe on a platform without long-running processes. The route stores the event in PostgreSQL. The platform's cron
// runs the due tasks, including retries. If a function is killed in between, no event is lost.
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
    // Only the cron route runs tasks.
    worker: 'onDemand',
  }).on('invoice.paid', { name: 'settle' }, ({ payload }) => {
    const invoice = payload.data.object
    console.log(`invoice ${invoice.id} paid: ${invoice.amount_paid} ${invoice.currency}`)
  }),
)

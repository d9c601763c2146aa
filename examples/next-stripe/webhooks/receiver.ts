import { createReceiver } from '@postern/core'
import { singleton, hotReloadable } from '@postern/next'
import { stripe } from '@postern/providers/stripe'
import type { StripeEvents } from '@postern/providers/types/stripe'
import { sqliteInbox } from '@postern/sqlite'

// The process keeps one file and one receiver, also when `next dev` reloads this module.
export const inbox = singleton('inbox', () =>
  sqliteInbox({ path: process.env['WEBHOOKS_DB'] ?? 'webhooks.db' }),
)

export const receiver = hotReloadable('stripe', () =>
  createReceiver({
    provider: stripe<StripeEvents>({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
    inbox,
  })
    .on('invoice.paid', ({ payload }) => {
      const invoice = payload.data.object
      console.log(`invoice ${invoice.id} paid: ${invoice.amount_paid} ${invoice.currency}`)
    })
    .on(
      'customer.subscription.*',
      { orderingKey: ({ payload }) => payload.data.object.id },
      ({ topic, payload }) => {
        console.log(`${topic}: ${payload.data.object.id}`)
      },
    ),
)

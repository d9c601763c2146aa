import { createReceiver } from '@postern/core'
import { hotReloadable, singleton } from '@postern/next'
import { postgresInbox } from '@postern/postgres'
import { drizzleSql } from '@postern/postgres/drizzle'
import { stripe } from '@postern/providers/stripe'
import type { StripeEvents } from '@postern/providers/types/stripe'
import { db, payments } from '../db/payments'

/** All bundles share one inbox and one receiver, also after a hot reload. `next build` opens neither. */
export const inbox = singleton('inbox', () =>
  postgresInbox({ connectionString: process.env['DATABASE_URL']! }),
)

export const receiver = hotReloadable('stripe', () =>
  createReceiver({
    provider: stripe<StripeEvents>({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
    inbox,
  }).on('invoice.paid', { name: 'book' }, ({ payload }, task) =>
    // One transaction stores the payment and completes the task, so each invoice is booked once.
    db().transaction(async (tx) => {
      const { id, amount_paid: cents } = payload.data.object
      await tx.insert(payments).values({ invoice: id, cents })
      await task.commit({ in: drizzleSql(tx) })
      console.log(`booked ${id}`)
    }),
  ),
)

// A module of an app, as --from imports it.
import { createReceiver, memoryInbox } from '@postern/core'
import { stripe } from '@postern/providers/stripe'

const secret = process.env['STRIPE_WEBHOOK_SECRET']!
export const receiver = createReceiver({ provider: stripe({ secret }), inbox: memoryInbox() })
receiver.on(['invoice.paid', 'customer.created'], () => undefined)

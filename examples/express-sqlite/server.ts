// Stripe on Express with one SQLite file. Postern stores an event on disk before the 200. Each invoice is booked
// exactly once, because one transaction stores the booking and completes its task.
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/express'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
import express from 'express'
import { openBookings } from './bookings.ts'

const path = process.env['WEBHOOKS_DB'] ?? 'webhooks.db'
const bookings = openBookings(path)
const inbox = sqliteInbox({ path })
const receiver = createReceiver({
  provider: stripe({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
  inbox,
})

receiver.on('invoice.paid', { name: 'book' }, (event, task) => {
  const { data } = event.payload as { data: { object: { id: string; amount_paid: number } } }
  task.commit((database) => bookings.add(database, data.object))
  console.log(`booked ${data.object.id}`)
})
receiver.onDead((task, error) => console.error(`${task.id} gave up: ${error.message}`))

const app = express()
app.all('/webhooks/stripe', webhook(receiver))
app.get('/total', (_, response) => void response.json(bookings.total()))
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })

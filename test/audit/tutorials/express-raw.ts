// Follows the documentation of a payment provider: express.raw, the provider's SDK, and a switch over the types.
import express from 'express'
import Stripe from 'stripe'
import { listening } from './listening.ts'

const app = express()
const client = new Stripe('sk_test_of_nobody')

app.post('/webhook', express.raw({ type: 'application/json' }), (request, response) => {
  let event
  try {
    event = client.webhooks.constructEvent(
      request.body as Buffer,
      request.headers['stripe-signature'] as string,
      process.env['SECRET']!,
    )
  } catch (error) {
    response.status(400).send(`Webhook Error: ${(error as Error).message}`)
    return
  }
  switch (event.type) {
    case 'payment_intent.succeeded':
      break
    default:
  }
  response.json({ received: true })
})

listening(app, '/webhook')

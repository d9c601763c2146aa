import express from 'express'
import Stripe from 'stripe'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'
import { listen, type Subject } from './subject.ts'

/** stripe's constructEvent on Express 5, as its documentation has it. */
export const subject: Subject = {
  sender: 'stripe',
  framework: 'express',
  start() {
    const stripe = new Stripe('sk_test_bench')
    const app = express()
    app.post(
      '/hook',
      express.raw({ type: 'application/json', limit: '25mb' }),
      (request, response) => {
        const signature = request.headers['stripe-signature']!
        const event = stripe.webhooks.constructEvent(request.body as Buffer, signature, SECRET)
        if (event.type === 'invoice.paid') handled()
        response.send()
      },
    )
    return listen(app)
  },
}

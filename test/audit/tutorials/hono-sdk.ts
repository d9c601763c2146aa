// Follows the example of a web framework: the provider's SDK verifies the request's text.
import { Hono } from 'hono'
import { serve } from '@hono/node-server'
import Stripe from 'stripe'

const app = new Hono()
const client = new Stripe('sk_test_of_nobody')

app.post('/webhook', async (context) => {
  const signature = context.req.header('stripe-signature')
  try {
    if (!signature) return context.text('', 400)
    const body = await context.req.text()
    const event = await client.webhooks.constructEventAsync(body, signature, process.env['SECRET']!)
    if (event.type === 'payment_intent.succeeded') console.log(event.data.object.id)
    return context.text('', 200)
  } catch (error) {
    return context.text(`Webhook signature verification failed. ${String(error)}`, 400)
  }
})

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`listening http://127.0.0.1:${port}/webhook`),
)

// Shopify on Koa. SHOPIFY_CLIENT_SECRET is the app's client secret. While you rotate it, set both the old and the new
// secret.
import Router from '@koa/router'
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/koa'
import { shopify } from '@postern/providers/shopify'
import Koa from 'koa'

const receiver = createReceiver({
  provider: shopify({ secret: process.env['SHOPIFY_CLIENT_SECRET']!.split(',') }),
  // Shopify's ids exceed 2^53. As BigInt they keep every digit.
  parsing: { bigIntegers: true },
})

receiver.on('orders/*', (event) => {
  const order = event.payload as { id: bigint; total_price: string }
  console.log(`${event.topic}: order ${order.id} for ${order.total_price}`)
})
// Shopify requires every public app to handle these three privacy topics.
receiver.on(['customers/data_request', 'customers/redact', 'shop/redact'], (event) => {
  console.log(`${event.topic}: to be done within 30 days`)
})

const router = new Router()
router.all('/webhooks/shopify', webhook(receiver))
const server = new Koa().use(router.routes()).listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [receiver] })

import { shopify } from '@postern/providers/shopify'
import { expect, test } from 'vitest'
import { send, startExample } from './example.ts'

test('koa-shopify keeps every digit of an order id, and takes both secrets of a rotation', async () => {
  const example = await startExample('koa-shopify', {
    SHOPIFY_CLIENT_SECRET: 'old secret,new secret',
  })
  try {
    const url = `http://localhost:${example.port}/webhooks/shopify`
    for (const [id, secret] of [
      ['1', 'old secret'],
      ['2', 'new secret'],
    ] as const) {
      const order = shopify({ secret }).sign!({
        url,
        id,
        topic: 'orders/create',
        body: `{"id":98765432109876543${id},"total_price":"199.00"}`,
      })
      expect((await send(order)).status).toBe(200)
      expect(await example.line(`98765432109876543${id}`)).toBe(
        `orders/create: order 98765432109876543${id} for 199.00`,
      )
    }
    const redact = shopify({ secret: 'wrong secret' }).sign!({
      url,
      id: '3',
      topic: 'shop/redact',
      payload: {},
    })
    expect((await send(redact)).status).toBe(401)
  } finally {
    await example.stop()
  }
})

import { expect, test } from 'vitest'
import { paypal } from '../src/paypal.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const real = vectors('paypal').find(({ name }) => name.includes('real PayPal signature and'))!
const certPem = real.extra!['certPem'] as string

async function status(options: object, now = real.now!): Promise<number> {
  const webhookId = real.extra!['webhookId'] as string
  const delivery = { ...real, body: Buffer.from(real.bodyBase64, 'base64') }
  const { statuses } = await deliver(paypal({ webhookId, ...options }), [delivery], now * 1000)
  return statuses[0]!
}

test('a signature older than three days is rejected, unless the option says more', async () => {
  const day = 86_400
  expect(await status({ certPem }, real.now! + 3 * day)).toBe(200)
  expect(await status({ certPem }, real.now! + 3 * day + 1)).toBe(401)
  expect(await status({ certPem, tolerance: 4 * day }, real.now! + 4 * day)).toBe(200)
})

test('a fetched certificate needs its chain: the real one, without its issuer, is rejected', async () => {
  const fetched: string[] = []
  const fetch = async (url: string) => {
    fetched.push(url)
    return new Response(fetched.length === 1 ? certPem : '', {
      status: fetched.length === 1 ? 200 : 404,
    })
  }
  expect(await status({ fetch })).toBeGreaterThanOrEqual(401)
  expect(fetched[0]).toBe(real.headers['paypal-cert-url'])
})

test('a delivery for another listener is rejected', async () => {
  expect(await status({ certPem, webhookId: 'other' })).toBe(401)
})

import { expect, test } from 'vitest'
import { shopifyRegistrar } from '../src/shopify.ts'
import { testRegistrar } from './contract.ts'
import { SHOPIFY_SHOP, SHOPIFY_TOKEN, startShopify, throttledShopify } from './fakes/shopify.ts'
import { opened } from './fakes/opened.ts'

const url = 'https://app.example/shopify'
const make = (api: string) =>
  shopifyRegistrar({ api, shop: SHOPIFY_SHOP, token: SHOPIFY_TOKEN, wait: async () => {} })

testRegistrar('Shopify', {
  start: startShopify,
  make: (options, token) => shopifyRegistrar({ ...options, shop: SHOPIFY_SHOP, token }),
  token: SHOPIFY_TOKEN,
  more: (fake, at) =>
    fake.subscriptions.push({ ...fake.subscriptions[0]!, id: `gid://more/${at}` }),
  patterns: ['orders/create', 'customer.tags_added'],
  topics: ['customer.tags_added', 'orders/create'],
  others: ['orders/create', 'orders/paid'],
  limited: throttledShopify,
})

test('rejects more than 50 subscriptions without all, and names the privacy topics', async () => {
  const fake = await opened(startShopify())
  const registrar = make(fake.url)
  await expect(registrar.plan({ url, topics: ['**'] })).rejects.toThrow(
    /218 subscriptions.*all: true/,
  )
  const plan = await registrar.plan({ url, topics: ['**'], all: true })
  expect(plan.steps).toHaveLength(218)
  expect(registrar.map(['orders/*', 'shop/redact'])).toMatchObject({
    topics: expect.arrayContaining(['orders/create', 'orders/paid']),
    manual: [{ pattern: 'shop/redact', why: expect.stringContaining('configuration file') }],
  })
  const results = await registrar.apply(plan)
  expect(results.every(({ state }) => state === 'done')).toBe(true)
  // The list has three pages.
  expect(await registrar.list()).toHaveLength(219)
})

test('goes on after a step that Shopify rejects, and tells why', async () => {
  const fake = await opened(startShopify())
  const registrar = make(fake.url)
  const plan = await registrar.plan({ url, topics: ['orders/create', 'orders/paid'] })
  await registrar.list()
  let posts = 0
  const failing = shopifyRegistrar({
    api: fake.url,
    shop: SHOPIFY_SHOP,
    token: SHOPIFY_TOKEN,
    fetch: (input, init) => {
      if (posts++ === 1)
        fake.interrupt({
          json: {
            data: {
              webhookSubscriptionCreate: { userErrors: [{ field: ['uri'], message: 'is bad' }] },
            },
          },
        })
      return fetch(input, init)
    },
  })
  expect(await failing.apply(plan)).toMatchObject([
    { state: 'failed', reason: 'webhookSubscriptionCreate: uri: is bad' },
    { state: 'done' },
  ])
  // The plan can be applied again for the failed step.
  expect(await registrar.apply(plan)).toMatchObject([{ state: 'done' }])
  expect((await registrar.plan({ url, topics: ['orders/*'] })).steps.length).toBeGreaterThan(0)
})

import { bullmqInbox } from '@postern/bullmq'
import type { Inbox } from '@postern/core/inbox'
import { postgresInbox } from '@postern/postgres'
import { listen } from '@postern/testing'
import Koa from 'koa'
import mount from 'koa-mount'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium, postgresServer, redisServer } from '../../../../test/services/programs.ts'
import { startPostgres, type PostgresService } from '../../../../test/services/postgres.ts'
import { startRedis, type RedisService } from '../../../../test/services/redis.ts'
import { devKey } from '../../src/gate/dev-key.ts'
import { inspector } from '../../src/hosts/koa.ts'
import { openTab, startBrowser } from './browser.ts'
import { walk } from './walk.ts'
import { createShop, startWorld, type Shop, type World } from './world.ts'

needs(chromium).describe('the page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser?.close())

  needs(redisServer).describe('on Koa and BullMQ', () => {
    let redis: RedisService
    let inbox: Inbox
    let shop: Shop
    let app: { readonly url: string; readonly close: () => Promise<void> }
    beforeAll(async () => {
      redis = await startRedis()
      inbox = bullmqInbox({ connection: redis.url })
      shop = createShop(inbox)
      const koa = new Koa()
      koa.use(
        mount(
          '/tools/postern',
          inspector({ inbox, receivers: shop.receivers, dev: true, log: false }),
        ),
      )
      app = await listen(koa.callback(), '/tools/postern')
    })
    afterAll(async () => {
      await app?.close()
      await Promise.all(shop?.receivers.map((receiver) => receiver.close({ timeout: '1s' })) ?? [])
      await inbox?.close()
      await redis?.stop()
    })

    test('is live, filters, opens, and runs a dead task again until it is done', async () => {
      const { page, problems, close } = await openTab(browser, `${app.url}#key=${devKey()}`)
      // The page has exchanged the key for a cookie and removed it from the URL.
      await page.waitForURL(app.url)
      await walk(page, shop)
      await close()
      // Without a cookie, the first reply is 401 with the sign-in page, and the browser logs an error.
      expect(problems).toEqual([expect.stringContaining('401 (Unauthorized)')])
    })
  })

  needs(postgresServer).describe('on Express and PostgreSQL', () => {
    let postgres: PostgresService
    let world: World
    beforeAll(async () => {
      postgres = await startPostgres()
      world = await startWorld(postgresInbox({ connectionString: postgres.url }))
    })
    afterAll(async () => {
      await world?.close()
      await postgres?.stop()
    })

    test('is live, filters, opens, and runs a dead task again until it is done', async () => {
      const { page, problems, close } = await openTab(browser, world.url)
      await walk(page, world)
      await close()
      expect(problems).toEqual([])
    })
  })
})

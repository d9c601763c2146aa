import { bullmqInbox } from '@postern/bullmq'
import type { Inbox } from '@postern/core/inbox'
import { listen } from '@postern/testing'
import Koa from 'koa'
import mount from 'koa-mount'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium, redisServer } from '../../../../test/services/programs.ts'
import { startRedis, type RedisService } from '../../../../test/services/redis.ts'
import { devKey } from '../../src/gate/dev-key.ts'
import { inspector } from '../../src/hosts/koa.ts'
import { openTab, startBrowser } from './browser.ts'
import { walk } from './walk.ts'
import { createShop, type Shop } from './world.ts'

needs(chromium, redisServer).describe('the page on Koa and BullMQ', () => {
  let redis: RedisService
  let inbox: Inbox
  let shop: Shop
  let app: { readonly url: string; readonly close: () => Promise<void> }
  let browser: Browser
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
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await app?.close()
    await Promise.all(shop?.receivers.map((receiver) => receiver.close({ timeout: '1s' })) ?? [])
    await inbox?.close()
    await redis?.stop()
  })

  test('is live, filters, opens, and runs a dead task again until it is done', async () => {
    const { page, problems, close } = await openTab(browser, `${app.url}#key=${devKey()}`)
    // The key was traded for a cookie, and is in no history.
    await page.waitForURL(app.url)
    await walk(page, shop)
    await close()
    // The browser notes the sign-in page, from which the key is traded.
    expect(problems).toEqual([expect.stringContaining('401 (Unauthorized)')])
  })
})

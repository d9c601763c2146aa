// Takes the pictures of the README from a real app: Express, SQLite, a day of signed deliveries, Chromium.
//
//   node packages/inspector/test/page/pictures.ts
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { listen, settled, signed } from '@postern/testing'
import express from 'express'
import type { Page } from 'playwright-core'
import { inspector } from '../../src/hosts/express.ts'
import { createDay } from '../day.ts'
import { temporaryInbox } from '../scene.ts'
import { openTab, startBrowser } from './browser.ts'
import { keepSources } from './sources.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'pictures')
const SIZE = { width: 1200, height: 750 }

const inbox = temporaryInbox()
const day = createDay(inbox)
await day.past(2000)
for (const receiver of day.receivers) {
  await settled(receiver, { timeout: 60_000 })
  await receiver.runDue({ deadline: '2s', max: 1 })
}
await rewritten()
const { url, close } = await listen(
  express().use(
    '/postern',
    inspector({
      inbox,
      receivers: day.receivers,
      auth: () => ({ allow: 'all', as: 'developer' }),
      name: 'orders-api',
      log: false,
    }),
  ),
  '/postern',
)
const browser = await startBrowser()
mkdirSync(FOLDER, { recursive: true })

await picture('health', '', 'light', (page) => page.locator('.chart').first().waitFor())
await picture('detail', '?screen=list&q=state:dead&open=first', 'dark', (page) =>
  page.getByText('SMTP 421').first().waitFor(),
)
keepSources('health.png', 'detail.png')
await browser.close()
await close()
for (const receiver of day.receivers) await receiver.close({ timeout: '1s' })
await inbox.close()

/** Sends deliveries whose body was changed after signing, as a body parser in front of the route does. */
async function rewritten(): Promise<void> {
  const receiver = day.receivers.find(({ name }) => name === 'stripe')!
  for (let at = 0; at < 6; at++) {
    const request = await signed(receiver.provider, 'invoice.paid')
    const body = JSON.stringify(await request.clone().json(), undefined, 2)
    const { url: to, headers } = request
    await receiver.fetch(new Request(to, { method: 'POST', headers, body }))
  }
  await receiver.runDue({ deadline: '2s', max: 1 })
}

async function picture(
  name: string,
  query: string,
  theme: 'light' | 'dark',
  ready: (page: Page) => Promise<void>,
): Promise<void> {
  const { page, close: done } = await openTab(browser, `${url}${query}`, { ...SIZE, theme })
  await ready(page)
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
  await done()
}

import type { Browser, Page } from 'playwright-core'
import { expect, test as base, type TestAPI } from 'vitest'
import { openTab, startBrowser, type Tab } from './browser.ts'
import { startWorld, type World } from './world.ts'

/** What a test is given. */
interface Stage {
  readonly browser: Browser
  /** On a port of its own, which no other test's page, storage or cache belongs to. */
  readonly world: World
  /** Empty, light and as wide as a desk's. Nothing may go wrong in it. */
  readonly tab: Tab
  readonly page: Page
}

/** A test with a world and a tab. */
export const test: TestAPI<Stage> = base.extend<Stage>({
  browser: [
    // oxlint-disable-next-line no-empty-pattern -- Vitest reads what is asked for from the parameter
    async ({}, use) => {
      const browser = await startBrowser()
      await use(browser)
      await browser.close()
    },
    { scope: 'file' },
  ],
  // oxlint-disable-next-line no-empty-pattern -- as above
  world: async ({}, use) => {
    const world = await startWorld()
    await use(world)
    await world.close()
  },
  // After the world, so that it is closed before that.
  tab: async ({ browser, task }, use) => {
    const tab = await openTab(browser, 'about:blank')
    await use(tab)
    const { page, problems, close } = tab
    if (task.result?.state === 'fail' && !page.isClosed()) {
      const focused = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))
      console.error(`${task.name}: at ${page.url()}, with the focus on ${focused}`)
    }
    const wrong = [...problems]
    await close()
    expect(wrong).toEqual([])
  },
  page: async ({ tab }, use) => use(tab.page),
})

import type { Browser, Page } from 'playwright-core'
import { expect, test as base, type TestAPI } from 'vitest'
import { openTab, startBrowser, type Tab } from './browser.ts'
import { startWorld, type World } from './world.ts'

interface Stage {
  readonly browser: Browser
  /** A running app with its own port, so that tests do not share the browser's storage and cache. */
  readonly world: World
  /** An empty tab in the light theme, as large as a desktop window. A problem in it fails the test. */
  readonly tab: Tab
  readonly page: Page
}

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
  // The tab is opened after the world, so that it is closed before the world.
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

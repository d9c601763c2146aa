import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { DESK, openTab, startBrowser, type Tab } from './browser.ts'
import { startWorld, type World } from './world.ts'

/** The world and the tab of a test. */
export interface Stage {
  readonly world: World
  readonly tab: Tab
}

/**
 * Starts a world for each test, on a port of its own, which no other test's page, storage or cache belongs to. The tab
 * is empty, light and as wide as a desk's, and one for all tests: a test that changes it for good closes it. Nothing
 * may go wrong in it.
 */
export function eachWithTab(): Stage {
  const stage = {} as { world: World; tab: Tab | undefined }
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    stage.world = await startWorld()
    stage.tab ??= await openTab(browser, 'about:blank')
    await stage.tab.page.setViewportSize(DESK)
    await stage.tab.page.emulateMedia({ colorScheme: 'light' })
  })
  afterEach(async ({ task }) => {
    const { page, problems, close } = stage.tab!
    const wrong = problems.splice(0)
    if (page.isClosed() || task.result?.state === 'fail') {
      if (task.result?.state === 'fail' && !page.isClosed()) {
        const focused = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))
        console.error(`${task.name}: at ${page.url()}, with the focus on ${focused}`)
      }
      await close()
      stage.tab = undefined
    } else {
      await page.unrouteAll()
      await page.goto('about:blank')
      // Requests that the tab sent and then aborted.
      problems.splice(0)
    }
    await stage.world.close()
    expect(wrong).toEqual([])
  })
  return stage as Stage
}

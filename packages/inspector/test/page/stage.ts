import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { openTab, startBrowser, type Look, type Tab } from './browser.ts'
import { startWorld, type World } from './world.ts'

/** What a test has: a world of its own, and a tab that shows its page. */
export interface Stage {
  readonly world: World
  readonly tab: Tab
}

/** Starts a world and a tab for each test. Nothing may go wrong in the tab. */
export function eachWithTab(look: Look = {}): Stage {
  const stage = {} as { world: World; tab: Tab }
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    stage.world = await startWorld()
    stage.tab = await openTab(browser, stage.world.url, look)
  })
  afterEach(async () => {
    expect(stage.tab.problems).toEqual([])
    await stage.tab.close()
    await stage.world.close()
  })
  return stage
}

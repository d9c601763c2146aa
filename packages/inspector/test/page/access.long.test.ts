// Takes 35 s.
import type { RunOptions } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { startAxe } from './access/axe.ts'
import { SCREENS, type Screen } from './access/screens.ts'
import { openTab, startBrowser, type Tab } from './browser.ts'
import { startWorld, type World } from './world.ts'

// axe's rules about colors. In the dark theme, only these rules are checked, since the themes differ only in colors.
const COLOURS: RunOptions = { runOnly: ['color-contrast', 'link-in-text-block'] }

// The actions of a screen run only at the first size, a phone, where faults are the most likely.
const SIZES = [
  { width: 390, height: 844 },
  { width: 768, height: 900 },
  { width: 1440, height: 900 },
]

needs(chromium).describe('axe, and the widths of a screen, a tablet and a phone', () => {
  let browser: Browser
  let world: World
  beforeAll(async () => {
    browser = await startBrowser()
    world = await startWorld()
    world.isBroken = true
    await world.send('invoice.paid', { id: 'evt_1' })
    await world.settled()
    world.isBroken = false
    await world.send('charge.refunded', { id: 'evt_2' })
    await world.send('charge.refunded', { id: 'evt_2' })
    await world.tamper()
    // The dead task runs again and dies again, so that the charts have the mark of a replay.
    world.isBroken = true
    await world.inbox.view!.replay({ state: 'dead' }, { by: 'a developer' })
    await world.settled()
  })
  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })

  test('find nothing wrong in light and dark, at 390, 768 and 1440 pixels', async () => {
    const found: string[] = []
    const tab = await openTab(browser, world.url, SIZES[0])
    for (const screen of Object.entries(SCREENS))
      found.push(...(await faultsOf(tab, world.url, screen)))
    found.push(...tab.problems)
    await tab.close()
    expect(found).toEqual([])
  }, 540_000)
})

/** Returns the faults of a screen at each size, in both themes. */
async function faultsOf(
  { page }: Tab,
  url: string,
  [name, { query = '', act, seen }]: readonly [string, Screen],
): Promise<readonly string[]> {
  const found: string[] = []
  await page.setViewportSize(SIZES[0]!)
  await page.goto(`${url}${query}`)
  await act?.(page)
  const axe = await startAxe(page)
  for (const size of SIZES) {
    await page.setViewportSize(size)
    await seen(page).first().waitFor()
    found.push(...(await overflow(page, `${name} at ${size.width}`)))
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const { id, nodes } of await axe.violations(colorScheme === 'light' ? {} : COLOURS)) {
        const html = nodes.map((node) => node.html).join(' ')
        found.push(`${name} at ${size.width}, ${colorScheme}: ${id} ${html.slice(0, 300)}`)
      }
    }
  }
  await axe.end()
  return found
}

/** Returns a message if the page stays wider than its window. Charts adapt one frame later. */
function overflow(page: Page, where: string): Promise<readonly string[]> {
  const narrowed = async (): Promise<readonly string[]> => {
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    if (over > 0) throw new Error(`${where}: ${over} pixels too wide`)
    return []
  }
  return vi.waitFor(narrowed, 10_000).catch((error: Error) => [error.message])
}

// Takes 45 s of CPU.
import type { RunOptions } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { startAxe } from './access/axe.ts'
import { SCREENS, type Screen } from './access/screens.ts'
import { openTab, startBrowser, type Tab } from './browser.ts'
import { startWorld, type World } from './world.ts'

// The themes differ in colours alone, by a media query: of axe's rules these look at colours.
const COLOURS: RunOptions = { runOnly: ['color-contrast', 'link-in-text-block'] }

// On the phone, where it is hardest, things are done.
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
    // A mark in the charts: it runs again, and dies again.
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

  test('no text of a chart lies on another, with marks, drawn and as a table', async () => {
    const tab = await openTab(browser, world.url)
    const { page } = tab
    await page.getByText('run again by a developer').first().waitFor()
    const met: string[] = []
    for (const width of [320, 390, 768, 1024, 1440])
      for (const look of ['drawn', 'as a table']) {
        await page.setViewportSize({ width, height: 900 })
        const buttons = page.getByRole('button', { name: 'table', pressed: look === 'drawn' })
        while ((await buttons.count()) > 0) await buttons.first().click()
        met.push(...(await textsThatMeet(page)).map((pair) => `${look} at ${width}: ${pair}`))
      }
    await tab.close()
    expect(met).toEqual([])
  })

  test('nothing is wider than the window, at each width where the layout changes', async () => {
    const tab = await openTab(browser, world.url)
    const wide: string[] = []
    for (const name of ['health', 'list', 'actions']) {
      const { query = '', seen } = SCREENS[name]!
      await tab.page.goto(`${world.url}${query}`)
      await seen(tab.page).first().waitFor()
      for (const width of [320, 390, 560, 719, 720, 740, 768, 790, 899, 900, 1024, 1099, 1100]) {
        await tab.page.setViewportSize({ width, height: 900 })
        wide.push(...(await overflow(tab.page, `${name} at ${width}`)))
      }
    }
    await tab.close()
    expect(wide).toEqual([])
  })
})

/** What is wrong with a screen at each size, in either theme. */
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

/** Texts of charts that lie on each other, two by two. What scrolls out of a table is not seen. */
function textsThatMeet(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const seen = [...document.querySelectorAll('.charts .chart')].flatMap((chart) => {
      const walker = document.createTreeWalker(chart, NodeFilter.SHOW_TEXT)
      const texts: { text: string; box: DOMRect }[] = []
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const text = node.textContent!.trim()
        if (text === '' || node.parentElement!.closest('tbody, thead, title')) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        for (const box of range.getClientRects()) texts.push({ text, box })
      }
      return texts
    })
    const over = (one: DOMRect, other: DOMRect): boolean =>
      Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
      Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3
    return seen.flatMap((one, at) =>
      seen
        .slice(at + 1)
        .filter((other) => over(one.box, other.box))
        .map((other) => `${one.text} | ${other.text}`),
    )
  })
}

/** What is said of a page that stays wider than its window: what is drawn by its size follows a frame later. */
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

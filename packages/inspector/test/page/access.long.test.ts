import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { openTab, startBrowser, type Tab } from './browser.ts'
import { startWorld, type World } from './world.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Screen = readonly [query: string, act?: (page: Page) => Promise<void>]

/** Screens and states of the page: where they are, and what is done there first. */
const SCREENS: Readonly<Record<string, Screen>> = {
  health: ['', (page) => page.locator('.chart').first().waitFor()],
  'charts as tables': [
    '',
    async (page) => {
      await page.getByRole('button', { name: 'table' }).nth(2).waitFor()
      for (const button of await page.getByRole('button', { name: 'table' }).all())
        await button.click()
    },
  ],
  'a handler': ['', (page) => page.getByRole('button', { name: 'stripe › mail' }).click()],
  'a question first': [
    '',
    async (page) => {
      await page.getByRole('button', { name: 'Run again…' }).click()
      await page.getByText(/Run 1 task again/).waitFor()
    },
  ],
  actions: ['?screen=actions', (page) => page.getByRole('heading', { name: 'Actions' }).waitFor()],
  list: ['?screen=list', (page) => page.locator('[data-id]').first().waitFor()],
  suggestions: [
    '?screen=list',
    async (page) => {
      await page.getByRole('combobox', { name: 'Search' }).pressSequentially('state:')
      await page.locator('#suggestions').getByRole('option').first().waitFor()
      await page.keyboard.press('ArrowDown')
    },
  ],
  'nothing found': ['?screen=list&q=nobody', (page) => page.getByText('No delivery').waitFor()],
  'names of payloads': [
    '?screen=list',
    async (page) => {
      await page.getByRole('combobox', { name: 'Search' }).pressSequentially('payload.')
      await page.locator('#suggestions').getByRole('option').first().waitFor()
    },
  ],
  'a wrong search': [
    '?screen=list&q=state:well',
    (page) => page.getByText('state must be one of').waitFor(),
  ],
  attempts: [
    '?screen=list&q=state:dead&open=first',
    (page) => page.getByRole('tabpanel').getByText('SMTP').first().waitFor(),
  ],
  payload: [
    '?screen=list&q=state:dead&open=first&tab=payload',
    (page) => page.getByRole('tree').waitFor(),
  ],
  headers: [
    '?screen=list&q=state:dead&open=first&tab=headers',
    (page) => page.getByText('content-type').waitFor(),
  ],
  duplicate: [
    '?screen=list&q=outcome:duplicate&open=first',
    (page) => page.getByText('repeats the delivery').waitFor(),
  ],
  raw: [
    '?screen=list&q=state:dead&open=first&tab=raw',
    (page) => page.getByRole('button', { name: 'Hex' }).click(),
  ],
  reply: [
    '?screen=list&q=state:dead&open=first&tab=reply',
    (page) => page.getByText('after').first().waitFor(),
  ],
  'run again': [
    '?screen=list&q=state:dead&open=first',
    (page) => page.locator('.actions').getByRole('button', { name: 'Run again' }).click(),
  ],
  edit: [
    '?screen=list&q=state:dead&open=first',
    (page) => page.getByRole('button', { name: 'Edit and run' }).click(),
  ],
  explain: [
    '?screen=list&q=outcome:refused&open=first',
    (page) => page.getByText(/^Proven/).waitFor(),
  ],
  keys: [
    '?screen=list',
    async (page) => {
      await page.locator('[data-id]').first().waitFor()
      await page.keyboard.press('?')
    },
  ],
}

// Pages that are open at once in the browser: more only wait for each other.
const SIDE_BY_SIDE = 3

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
    await world.settled()
  })
  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })

  for (const width of [1440, 768, 390])
    test(`find nothing wrong in light and dark, at ${width} pixels`, async () => {
      const found: string[] = []
      const waiting = Object.entries(SCREENS)
      await Promise.all(
        Array.from({ length: SIDE_BY_SIDE }, async () => {
          const height = width === 390 ? 844 : 900
          const tab = await openTab(browser, world.url, { width, height })
          for (let next = waiting.shift(); next; next = waiting.shift())
            found.push(...(await faultsOf(tab, world.url, next)))
          found.push(...tab.problems)
          await tab.close()
        }),
      )
      expect(found).toEqual([])
    })

  test('nothing is wider than the window, at each width where the layout changes', async () => {
    const tab = await openTab(browser, world.url)
    const wide: string[] = []
    for (const name of ['health', 'list', 'actions']) {
      const [query, act] = SCREENS[name]!
      await tab.page.goto(`${world.url}${query}`)
      await act!(tab.page)
      for (const width of [320, 560, 719, 720, 899, 900, 1024, 1099, 1100]) {
        await tab.page.setViewportSize({ width, height: 900 })
        const over = await overflow(tab.page)
        if (over > 0) wide.push(`${name} at ${width}: ${over} pixels too wide`)
      }
    }
    await tab.close()
    expect(wide).toEqual([])
  })
})

/** What is wrong with a screen in either theme. */
async function faultsOf(
  { page }: Tab,
  url: string,
  [name, [query, act]]: readonly [string, Screen],
): Promise<readonly string[]> {
  const found: string[] = []
  await page.goto(`${url}${query}`)
  await act?.(page)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const { id, nodes } of await violations(page)) {
      const html = nodes.map((node) => node.html).join(' ')
      found.push(`${name}, ${colorScheme}: ${id} ${html.slice(0, 300)}`)
    }
  }
  const over = await overflow(page)
  return over > 0 ? [...found, `${name}: ${over} pixels too wide`] : found
}

/** How much wider than the window the page is, in pixels. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
}

/** What axe finds. It is run outside the page's world of scripts, since the policy lets none in. */
async function violations(page: Page): Promise<AxeResults['violations']> {
  const session = await page.context().newCDPSession(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const { executionContextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  })
  const run = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      contextId: executionContextId,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    return result.value
  }
  await run(AXE)
  const results = (await run("axe.run({ resultTypes: ['violations'] })")) as AxeResults
  await session.detach()
  return results.violations
}

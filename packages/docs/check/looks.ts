// What pages look like: axe, windows from 320 to 1440 pixels, errors in the console, and pictures.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AxeResults } from '../../inspector/node_modules/axe-core/axe.js'
import type { Browser, Page } from '../../inspector/node_modules/playwright-core/index.js'
import { openTab } from '../../inspector/test/page/browser.ts'

const inspector = createRequire(join(import.meta.dirname, '..', '..', 'inspector', 'package.json'))
const AXE = readFileSync(inspector.resolve('axe-core/axe.min.js'), 'utf8')
const WIDTHS = [1440, 390] as const
const THEMES = ['light', 'dark'] as const

/** Width and height of the windows, in pixels. The first is 1280 × 1024 at 400 %. */
const WINDOWS = [
  [320, 256],
  [320, 800],
  [390, 800],
  [768, 1024],
  [1024, 800],
  [1280, 800],
  [1440, 900],
] as const

/** The pages that are looked at: one of each kind. */
export const PAGES: readonly string[] = [
  '/',
  '/start/',
  '/providers/',
  '/providers/stripe/',
  '/explain/',
  '/errors/',
  '/errors/signature_mismatch/',
  '/tutorials/first-webhook/',
  '/how-to/hosts/',
  '/how-to/operations/',
  '/migrating/stripe/',
  '/reference/inboxes/',
  '/reference/glossary/',
  '/reference/options/postgres/',
  '/explanation/delivery/',
  '/explanation/compared/',
  '/packages/otel/',
  '/security/',
  '/proof/',
  '/proof/bench/',
  '/no/such/page/',
]
const PICTURES = [
  '/',
  '/providers/',
  '/providers/stripe/',
  '/explain/',
  '/tutorials/first-webhook/',
  '/proof/',
]

// The button of the search, and blocks of code.
const THEIRS = /data-open-modal|expressive-code|^pre(?:\[|$)/

/** What was seen of all of them. */
export interface Looks {
  /** Screens: a page at a width in a theme. */
  readonly screens: number
  /** Findings of axe above minor, each once. */
  readonly findings: readonly string[]
  /** Rules that break in the markup of Starlight and Expressive Code. */
  readonly upstream: readonly string[]
  /** Pages that are wider than a window, and code and tables that are cut, each once. */
  readonly cut: readonly string[]
  /** Errors, warnings and violations of the policy. */
  readonly problems: readonly string[]
}

/** Opens each page at two widths in both themes, and looks at it in all windows. */
export async function lookAt(browser: Browser, url: string, pictures: string): Promise<Looks> {
  mkdirSync(pictures, { recursive: true })
  const findings = new Set<string>()
  const upstream = new Set<string>()
  const cut = new Set<string>()
  const problems = new Set<string>()
  let screens = 0
  for (const path of PAGES)
    for (const width of WIDTHS)
      for (const theme of THEMES) {
        const tab = await openTab(browser, url + path, { width, theme })
        await tab.page.waitForLoadState('load')
        if (path === '/explain/') {
          await tab.page.click('.explain-example')
          await tab.page.waitForSelector('.explain-head', { timeout: 60_000 })
        }
        for (const { id, impact, nodes } of (await axe(tab.page)).violations)
          if (impact !== 'minor')
            for (const { target } of nodes)
              if (THEIRS.test(String(target[0]))) upstream.add(`${id} (${impact})`)
              else findings.add(`${path} ${theme}: ${id} (${impact}) ${String(target[0])}`)
        if (width === 1440 && theme === 'light')
          for (const one of await cutOf(tab.page)) cut.add(`${path} ${one}`)
        // Chromium logs the 404 page itself.
        for (const problem of tab.problems)
          if (!/status of 404/.test(problem)) problems.add(`${path}: ${problem}`)
        if (PICTURES.includes(path))
          await tab.page.screenshot({
            path: join(
              pictures,
              `${path.replaceAll('/', '-').replaceAll(/^-|-$/g, '') || 'front'}-${width}-${theme}.png`,
            ),
            fullPage: width === 390 && path === '/explain/',
          })
        if (path === '/') await playFilm(tab.page)
        screens++
        await tab.close()
      }
  return {
    screens,
    findings: [...findings],
    upstream: [...upstream],
    cut: [...cut],
    problems: [...problems],
  }
}

/** Returns what is wider than its place, in each window. */
async function cutOf(page: Page): Promise<readonly string[]> {
  const found: string[] = []
  for (const [width, height] of WINDOWS) {
    await page.setViewportSize({ width, height })
    const said = await page.evaluate(() => {
      const isCut = (one: Element): boolean =>
        one.getClientRects().length > 0 && one.scrollWidth > one.clientWidth + 1
      const over = document.documentElement.scrollWidth - innerWidth
      return [
        ...(over > 0 ? [`${over} pixels wider`] : []),
        ...Array.from(document.querySelectorAll('pre, table'), (one) =>
          isCut(one) ? `cut: ${one.textContent.trim().slice(0, 30)}` : '',
        ).filter((one) => one !== ''),
      ]
    })
    found.push(...said.map((one) => `at ${width} × ${height}: ${one}`))
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  return found
}

/** The film plays when it is asked for, and stops. */
async function playFilm(page: Page): Promise<void> {
  for (const kind of ['gif', 'png']) {
    await page.click('.film')
    await page.waitForFunction(
      (end) => {
        const image = document.querySelector<HTMLImageElement>('.film img')!
        return image.src.endsWith(end) && image.complete && image.naturalWidth > 0
      },
      kind,
      { timeout: 60_000 },
    )
  }
}

/** Runs axe in a world of its own: the policy of the page allows no further script. */
async function axe(page: Page): Promise<AxeResults> {
  const session = await page.context().newCDPSession(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const { executionContextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  })
  await session.send('Runtime.evaluate', { expression: AXE, contextId: executionContextId })
  const { result } = await session.send('Runtime.evaluate', {
    expression: "axe.run({ resultTypes: ['violations'] })",
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
  })
  return result.value as AxeResults
}

// What pages look like: axe, the width of a phone, errors in the console, and pictures.
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

/** The pages that are looked at. */
export const PAGES: readonly string[] = [
  '/',
  '/providers/',
  '/providers/stripe/',
  '/providers/github/',
  '/explain/',
  '/errors/',
  '/errors/signature_mismatch/',
  '/tutorials/first-webhook/',
  '/explanation/delivery/',
  '/how-to/operations/',
  '/proof/',
  '/explanation/what-breaks-it/',
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
  /** Those in what Starlight and Expressive Code write themselves: their rules. */
  readonly upstream: readonly string[]
  /** Pages that are wider than the window at 390. */
  readonly wide: readonly string[]
  /** Errors, warnings and violations of the policy. */
  readonly problems: readonly string[]
}

/** Opens each page at both widths in both themes. */
export async function lookAt(browser: Browser, url: string, pictures: string): Promise<Looks> {
  mkdirSync(pictures, { recursive: true })
  const findings = new Set<string>()
  const upstream = new Set<string>()
  const wide = new Set<string>()
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
        const over = await tab.page.evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        )
        if (width === 390 && over > 0) wide.add(`${path} by ${over} pixels`)
        for (const problem of tab.problems) problems.add(`${path}: ${problem}`)
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
    wide: [...wide],
    problems: [...problems],
  }
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

/** What axe finds. It is run outside of the page's world, whose policy is not for tools. */
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

// Takes 30 s.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { startBrowser } from './browser.ts'
import { show } from './states/shown.ts'
import { states } from './states/states.ts'

needs(chromium).describe(
  'the page: nothing overflows, the sentence names what is wrong, and how old the rest is',
  () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await startBrowser()
    })
    afterAll(() => browser?.close())

    for (const [name, state] of Object.entries(states))
      needs(...state.needs).test(
        name,
        async () => {
          const started = await state.start()
          try {
            await show(browser, state, started, async ({ page, look }) => {
              expect(await page.locator('main, body').first().innerText()).toMatch(state.shows)
              // The page must say that its data is live, or how old the data is.
              const age = page
                .locator('.as-of')
                .or(page.getByRole('button', { name: 'Live updates' }).filter({ hasText: 'live' }))
              expect(await age.count(), `${look.width} ${look.theme}`).toBeGreaterThan(0)
              expect(await page.evaluate(overflowing), `${look.width} ${look.theme}`).toEqual([])
              const head = (await page.locator('.head').boundingBox())!
              expect(head.height, 'the head has two rows at most').toBeLessThan(100)
            })
          } finally {
            await started.close()
          }
        },
        300_000,
      )
  },
)

/**
 * Returns elements outside the window, and elements whose text overflows. Leaves out elements that scroll or cut, and
 * elements inside such an element.
 */
function overflowing(): readonly string[] {
  const { clientWidth } = document.documentElement
  const says = (element: Element): string =>
    `${element.tagName}.${element.className}: ${element.textContent.slice(0, 60)}`
  const isCut = (element: Element): boolean => {
    for (let at: Element | null = element; at; at = at.parentElement)
      if (getComputedStyle(at).overflowX !== 'visible') return true
    return false
  }
  return [
    ...(document.documentElement.scrollWidth > clientWidth ? ['the page scrolls to the side'] : []),
    ...[...document.querySelectorAll<HTMLElement>('body *:not(svg *)')]
      .filter((element) => element.offsetParent !== null && !isCut(element))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect()
        return (
          width > 1 &&
          (left < -1 ||
            right > clientWidth + 1 ||
            (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0))
        )
      })
      .map(says),
  ]
}

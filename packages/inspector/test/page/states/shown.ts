import type { Browser, Page } from 'playwright-core'
import { openTab } from '../browser.ts'
import type { Started, State } from './states.ts'

export const LOOKS = [390, 1440].flatMap((width) =>
  (['light', 'dark'] as const).map((theme) => ({
    width,
    theme,
    height: width === 390 ? 844 : 900,
  })),
)

export interface Seen {
  readonly look: (typeof LOOKS)[number]
  readonly page: Page
}

/**
 * Opens the page of a state, and then makes the state fail. Calls `each` for each window, once the page's first
 * sentence says what is wrong.
 */
export async function show(
  browser: Browser,
  state: State,
  started: Started,
  each: (seen: Seen) => Promise<void>,
): Promise<void> {
  const { page, close } = await openTab(browser, started.url, LOOKS[0])
  await page.locator('.things').waitFor()
  await started.fail()
  for (const look of LOOKS) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.theme })
    await page.getByRole('heading', { level: 1, name: state.says }).waitFor()
    await each({ page, look })
  }
  await close()
}

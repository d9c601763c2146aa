import type { Browser, Page } from 'playwright-core'
import { openTab } from '../browser.ts'
import type { Started, State } from './states.ts'

/** How each state is looked at. */
export const LOOKS = [1440, 390].flatMap((width) =>
  (['light', 'dark'] as const).map((theme) => ({
    width,
    theme,
    height: width === 390 ? 844 : 900,
  })),
)

/** What was seen of a state. */
export interface Seen {
  readonly look: (typeof LOOKS)[number]
  readonly page: Page
}

/** Shows a state in every look, before and after it fails, and hands each page over once its sentence says what is wrong. */
export async function show(
  browser: Browser,
  state: State,
  started: Started,
  each: (seen: Seen) => Promise<void>,
): Promise<void> {
  const tabs = []
  for (const look of LOOKS) {
    const tab = await openTab(browser, started.url, look)
    tab.page.setDefaultTimeout(60_000)
    await tab.page.locator('.things').waitFor()
    tabs.push({ ...tab, look })
  }
  await started.fail()
  for (const { page, look, close } of tabs) {
    await page.getByRole('heading', { level: 1, name: state.says }).waitFor()
    await each({ page, look })
    await close()
  }
}

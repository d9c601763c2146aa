import { chromium as launcher, type Browser, type Page } from 'playwright-core'
import { chromium } from '../../../../test/services/programs.ts'

/** Starts Chromium without a window, and without background requests to Google. */
export function startBrowser(): Promise<Browser> {
  return launcher.launch({
    executablePath: chromium.file!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Look {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
}

/** A tab. `problems` has errors, warnings and violations of the Content-Security-Policy. */
export interface Tab {
  readonly page: Page
  readonly problems: string[]
  readonly close: () => Promise<void>
}

export const DESK = { width: 1440, height: 900 }

/** Opens a tab with its own session. */
export async function openTab(browser: Browser, url: string, look: Look = {}): Promise<Tab> {
  const { width, height, theme = 'light' } = { ...DESK, ...look }
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    timezoneId: 'Europe/Berlin',
  })
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  await page.goto(url)
  return { page, problems, close: () => context.close() }
}

export function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText())
}

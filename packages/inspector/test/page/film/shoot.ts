// Makes the films of the README and the site: `npm run docs -- film`. They show real deliveries, the real command line,
// and the real page in Chromium. A gateway parses forms and writes them again, so signatures do not match. The films
// prove this cause, and fix it by moving one line. With FRAMES=folder, each still frame is also written to this folder.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listen } from '@postern/testing'
import express from 'express'
import { inspector } from '../../../src/hosts/express.ts'
import { temporaryInbox } from '../../scene.ts'
import { openTab, startBrowser } from '../browser.ts'
import { keepSources } from '../sources.ts'
import { createReel, type Reel } from './reel.ts'
import { fillHour, startShop } from './shop.ts'
import { createPointer } from './stage.ts'
import { openScreen } from './terminal.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'pictures')
// Size of a screenshot in pixels, without and with its caption.
const SIZE = { width: 1000, height: 584 }
const WHOLE = { width: 1000, height: 640 }
const LARGEST = 2_000_000
const MINUTE = 60_000

const browser = await startBrowser()
const terminal = await filmTerminal()
await keep('film-terminal', terminal, 12_000)
const { reel, poster } = await filmAll()
writeFileSync(join(FOLDER, 'film.png'), poster)
await keep('film', reel, 35_000)
keepSources('film.gif', 'film-terminal.gif', 'film.png')
await browser.close()

/**
 * Films the terminal: a delivery gets 401, `explain` proves the cause, the gateway is fixed, and a delivery gets 200.
 */
async function filmTerminal(): Promise<Reel> {
  const shop = await startShop()
  const screen = await openScreen(browser, SIZE, shop.folder)
  const made = await createReel(browser)
  const run = async (
    args: readonly string[],
    program: 'postern' | 'git',
    duration: number,
    captions: readonly [before: string, after: string],
  ): Promise<void> => {
    const words = args.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')
    const command = program === 'git' ? `git ${words}` : `npx postern ${words}`
    await screen.type(command, (step) => made.frame(screen.page, step, captions[0]))
    await screen[program](...args)
    await made.frame(screen.page, duration, captions[1])
  }
  const send = ['send', 'slack', '/deploy', '--set', 'text=api to production', '--to', shop.url]
  await run(send, 'postern', 1500, [
    'Send what Slack sends, signed as Slack signs it …',
    '… and the app answers 401. Why?',
  ])
  const explain = ['explain', await shop.rejected(), '--sqlite', 'webhooks.db']
  await run(explain, 'postern', 3300, [
    'Ask Postern for the cause …',
    '… proven: something parsed the body and wrote it again: + became %20.',
  ])
  await shop.fix()
  await run(['diff', '-U2'], 'git', 2300, [
    'The gateway did: its parser runs first.',
    'The fix moves one line: the body passes before it is parsed.',
  ])
  await run(send, 'postern', 1900, ['Send it again …', '… 200: accepted.'])
  await screen.page.close()
  await shop.close()
  return made
}

/** Films the page before the fix, then the terminal, then the page after the fix. */
async function filmAll(): Promise<{ readonly reel: Reel; readonly poster: Uint8Array }> {
  const made = await createReel(browser)
  const now = Date.now()
  const before = await openPage(now, now)
  const { page } = before
  const pointer = createPointer(page, made)
  await pointer.draw()
  await page
    .getByText(/proven: form-reencoded/)
    .first()
    .waitFor()
  const problem = 'Postern receives webhooks. Since a new gateway went live, Slack’s are rejected.'
  await made.frame(page, 3600, problem)
  await pointer.press(page.getByRole('link', { name: 'Explain' }).first(), problem)
  await page.getByRole('region', { name: 'What differs' }).waitFor()
  const title = page.getByText(/^Proven: form-reencoded/).first()
  await title.evaluate((element) => element.scrollIntoView())
  await pointer.hide()
  await made.frame(
    page,
    5000,
    'Postern proves the cause: the bytes that were signed, and the bytes that came.',
  )
  await page.setViewportSize(WHOLE)
  const poster = await page.screenshot()
  await before.close()
  made.append(terminal)
  const after = await openPage(now, now - 25 * MINUTE)
  await after.page.locator('.chart').first().waitFor()
  // Scrolls the chart to the space below the sticky head of the page.
  await after.page
    .locator('.chart')
    .first()
    .evaluate((chart) => scrollTo(0, chart.getBoundingClientRect().top - 72))
  await made.frame(after.page, 5000, 'The fix is live: the rejections have fallen to zero.')
  await after.close()
  return { reel: made, poster }
}

async function openPage(
  end: number,
  mended: number,
): Promise<Pick<Awaited<ReturnType<typeof openTab>>, 'page' | 'close'>> {
  const inbox = temporaryInbox()
  const receiver = await fillHour(inbox, { end, mended })
  const auth = () => ({ allow: 'all' as const, as: 'ada' })
  const app = express().use(
    '/postern',
    inspector({ inbox, receivers: [receiver], auth, name: 'deploy-bot', log: false }),
  )
  const { url, close } = await listen(app, '/postern')
  const tab = await openTab(browser, `${url}?range=1h`, SIZE)
  return {
    page: tab.page,
    async close() {
      await tab.close()
      await close()
      await receiver.close()
      await inbox.close()
    },
  }
}

async function keep(name: string, film: Reel, longest: number): Promise<void> {
  const frames = process.env['FRAMES']
  if (frames !== undefined) {
    mkdirSync(frames, { recursive: true })
    for (const [at, picture] of (await film.pictures()).entries())
      writeFileSync(join(frames, `${name}-${at + 1}.png`), picture)
  }
  const bytes = await film.end()
  const lasts = film.lasts()
  console.log(`pictures/${name}.gif: ${lasts / 1000} s, ${bytes.length} bytes`)
  if (lasts > longest || bytes.length > LARGEST)
    throw new Error(`${name} must have at most ${longest / 1000} s and ${LARGEST} bytes`)
  writeFileSync(join(FOLDER, `${name}.gif`), bytes)
}

// Takes 30 s.
import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { test } from './stage.ts'
import { walk } from './walk.ts'

needs(chromium).describe('the page on Express and SQLite', () => {
  test('is live, filters, opens, and runs a dead task again until it is done', async ({
    world,
    page,
  }) => {
    await page.goto(world.url)
    await walk(page, world)
  })

  test('keeps its rows in place while the reader has scrolled, and offers what is new', async ({
    world,
    page,
  }) => {
    for (let at = 0; at < 60; at++) await world.send('invoice.paid', { id: `evt_${at}` })
    await world.settled()
    await page.goto(`${world.url}?screen=list`)
    const rows = page.locator('[data-id]')
    await rows.nth(20).waitFor()
    await page.locator('.scroller').evaluate((element) => element.scrollTo(0, 640))
    const seen = page.locator('[data-id]', { hasText: 'evt_35' })
    const node = await seen.elementHandle()
    await seen.getByRole('link').focus()
    const before = await seen.boundingBox()
    for (let at = 0; at < 12; at++) await world.send('charge.refunded', { id: `evt_new_${at}` })
    const newer = page.getByRole('button', { name: '12 new' })
    await newer.waitFor()
    expect(await seen.boundingBox()).toEqual(before)
    // The row is still the same element, and still has the focus.
    expect(
      await node!.evaluate((row) => row.isConnected && row.contains(document.activeElement)),
    ).toBe(true)
    await newer.click()
    await rows.first().getByText('charge.refunded').waitFor()
    expect(await page.locator('.scroller').evaluate((element) => element.scrollTop)).toBe(0)
  })

  test('no row moves under a pointer that rests, nor beside a delivery that is read', async ({
    world,
    page,
  }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_1' })
    await page.goto(`${world.url}?screen=list`)
    const rows = page.locator('[data-id]')
    await rows.first().hover()
    await world.send('invoice.paid', { id: 'evt_2' })
    await page.getByRole('button', { name: '1 new' }).waitFor()
    expect(await rows.count()).toBe(1)
    await page.getByRole('button', { name: '1 new' }).click()
    await expect.poll(() => rows.count()).toBe(2)
    await rows.nth(1).click()
    await page.mouse.move(700, 10)
    await world.send('invoice.paid', { id: 'evt_3' })
    await page.getByRole('button', { name: '1 new' }).waitFor()
    expect(await rows.count()).toBe(2)
    await page.keyboard.press('Escape')
    await world.send('invoice.paid', { id: 'evt_4' })
    await expect.poll(() => rows.count()).toBe(4)
  })

  test('changes nothing of its document while nothing happens', async ({ world, page }) => {
    await world.sendAndSettle()
    await page.goto(`${world.url}?screen=list`)
    await page.locator('[data-id]').first().waitFor()
    // The page may render the rows of the first reply again, so the test waits for two more replies first.
    await page.waitForResponse(/version/)
    await page.waitForResponse(/version/)
    await page.evaluate(() => {
      const changes: MutationRecord[] = []
      Object.assign(window, { changes })
      new MutationObserver((records) => changes.push(...records)).observe(document, {
        attributes: true,
        characterData: true,
        childList: true,
        subtree: true,
      })
    })
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname.split('/').at(-1)!))
    await page.waitForResponse(/version/)
    await page.waitForResponse(/version/)
    expect(await page.evaluate(() => (window as unknown as { changes: [] }).changes.length)).toBe(0)
    expect(new Set(asked)).toEqual(new Set(['version']))
  })

  test('pauses while the tab is hidden, and looks at once when it is seen again', async ({
    world,
    page,
    tab,
  }) => {
    // Requests are counted in the page, since Playwright may report an earlier request after the tab is hidden.
    await page.addInitScript(() => {
      const ask = window.fetch.bind(window)
      const counted = Object.assign(window, { asked: 0 })
      window.fetch = (...given) => {
        counted.asked++
        return ask(...given)
      }
    })
    // The clock must be replaced before the page sets its timers, since real timers would continue.
    await page.clock.install()
    // Waits for all requests of the first screen. Later requests only ask whether something is new.
    await page.goto(world.url, { waitUntil: 'networkidle' })
    const hide = (hidden: boolean): Promise<number> =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => value })
        document.dispatchEvent(new Event('visibilitychange'))
        return (window as unknown as { asked: number }).asked
      }, hidden)
    const asked = await hide(true)
    await page.clock.runFor(60_000)
    expect(await hide(true)).toBe(asked)
    const look = page.waitForRequest(/version/)
    await hide(false)
    await look
    // The tab keeps the replaced clock, so no other test may use it.
    await tab.close()
  })

  test('says what failed, since when and when it looks again, and mends itself', async ({
    world,
    page,
    tab,
  }) => {
    await page.goto(world.url)
    await page.waitForResponse(/version/)
    await page.route('**/version', (route) => route.abort())
    const alert = page.getByRole('alert')
    await alert.getByText('The app does not answer.').waitFor()
    await alert.getByText(/Since \d\d:\d\d:\d\d/).waitFor()
    await alert.getByText(/Next update in \d+ s/).waitFor()
    await page.unroute('**/version')
    await alert.waitFor({ state: 'detached' })
    expect(tab.problems.splice(0).every((text) => text.includes('ERR_FAILED'))).toBe(true)
  })

  test('asks for the sign-in once the session is over, and shows nothing more', async ({
    world,
    page,
    tab,
  }) => {
    await page.goto(world.url)
    await page.waitForResponse(/version/)
    world.grant = undefined
    await page.getByRole('heading', { name: 'You are signed out.' }).waitFor()
    expect(await page.getByRole('link').count()).toBe(0)
    expect(tab.problems.splice(0).every((text) => text.includes('401'))).toBe(true)
  })
})

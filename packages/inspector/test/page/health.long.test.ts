import type { Locator } from 'playwright-core'
import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { test } from './stage.ts'

const HOUR = 3_600_000

needs(chromium).describe('the first screen', () => {
  test('something is painted before the style has come, and stays until the app has answered', async ({
    world,
    page,
  }) => {
    const style = Promise.withResolvers<void>()
    const status = Promise.withResolvers<void>()
    await page.route('**/page.css', async (route) => {
      await style.promise
      await route.continue()
    })
    await page.route('**/api/status', async (route) => {
      await status.promise
      await route.continue()
    })
    await page.goto(world.url, { waitUntil: 'commit' })
    const painted = (): Promise<number> =>
      page.evaluate(() => performance.getEntriesByName('first-contentful-paint').length)
    await expect.poll(painted).toBe(1)
    await page.getByText('Loading…').waitFor()
    const asked = page.waitForRequest('**/api/status')
    style.resolve()
    await asked
    await page.getByText('Loading…').waitFor()
    status.resolve()
    await page.getByText('No deliveries yet.').waitFor()
  })

  test('of an empty app: all charts have one axis of time, and a sample runs a handler', async ({
    world,
    page,
  }) => {
    await page.goto(world.url)
    await page.getByText('No deliveries yet.').waitFor()
    const axes = await page
      .locator('.chart')
      .evaluateAll((charts) =>
        charts.map((chart) =>
          [...chart.querySelectorAll('text')]
            .map(({ textContent }) => textContent)
            .filter((text) => /^\d\d:\d\d$/.test(text)),
        ),
      )
    expect(axes).toHaveLength(3)
    expect(axes[0]!.length).toBeGreaterThan(2)
    expect(new Set(axes.map((axis) => axis.join()))).toHaveProperty('size', 1)
    await page.getByRole('button', { name: 'Send a sample' }).click()
    await page.getByRole('heading', { name: /^All is well\. 1 delivery/ }).waitFor()
  })

  test('charts have the numbers of the inbox, as a picture and as a table', async ({
    world,
    page,
  }) => {
    world.isBroken = true
    for (let at = 0; at < 7; at++) await world.send('invoice.paid', { id: `evt_${at}` })
    for (let at = 0; at < 2; at++) await world.send('invoice.paid', { id: 'evt_0' })
    for (let at = 0; at < 3; at++) await world.tamper()
    await world.settled()
    await page.goto(`${world.url}?range=15m`)
    const chart = page.getByRole('region', { name: /^Deliveries a/ })
    await chart.getByRole('button', { name: 'table' }).click()
    const table = chart.getByRole('table')
    const names = await table.getByRole('columnheader').allTextContents()
    const rows = await table.locator('tbody tr').all()
    const sums = new Map<string, number>()
    for (const row of rows) {
      const cells = await row.getByRole('cell').allTextContents()
      for (const [at, cell] of cells.entries())
        sums.set(names[at + 1]!, (sums.get(names[at + 1]!) ?? 0) + Number(cell))
    }
    const to = Math.ceil((Date.now() + 1) / 60_000) * 60_000
    const history = await world.inbox.journal!.history({ from: to - HOUR, to, step: HOUR })
    const known = new Map<string, number>()
    for (const bucket of history)
      if ('value' in bucket) known.set(bucket.value, (known.get(bucket.value) ?? 0) + bucket.count)
    expect(Object.fromEntries(sums)).toEqual(Object.fromEntries(known))
    expect(Object.fromEntries(known)).toMatchObject({ rejected: 3 })

    const tasks = page.getByRole('region', { name: 'Tasks', exact: true })
    const stats = await world.inbox.view!.stats()
    const dead = stats.reduce((sum, { counts }) => sum + counts.dead, 0)
    expect(dead).toBe(7)
    await page.getByRole('link', { name: '7 dead' }).waitFor()
    await tasks.getByRole('slider').waitFor()
    const failed = page.getByRole('row', { name: /stripe › mail/ })
    const attempts = await world.inbox.journal!.history({
      from: to - HOUR,
      to,
      step: HOUR,
      kind: 'attempt',
      subscription: 'mail',
    })
    const runs = attempts.reduce((sum, one) => sum + ('count' in one ? one.count : 0), 0)
    expect((await failed.getByRole('cell').allTextContents())[0]).toBe(String(runs))
  })

  test('charts are read without a mouse: arrows choose a step, Enter opens its deliveries', async ({
    world,
    page,
  }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_1' })
    await page.goto(`${world.url}?range=15m`)
    const slider = page.getByRole('region', { name: /^Deliveries a/ }).getByRole('slider')
    await slider.focus()
    await slider.press('End')
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d: accepted/)
    await reached(slider, /accepted [1-9]/)
    await slider.press('Enter')
    await expect.poll(() => page.locator('[data-id]').count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('q')).toMatch(/^since:\S+ until:\S+$/)
  })

  test('charts open for each handler', async ({ world, page }) => {
    // The runs may fall into two minutes. A quantile needs five runs, so one of the minutes must have five.
    for (let n = 0; n < 9; n++) await world.send()
    await world.settled()
    await page.goto(world.url)
    await page.getByRole('button', { name: 'stripe › ledger' }).click()
    const chart = page.getByRole('region', { name: 'Duration of stripe › ledger' })
    await chart.getByText('p99').first().waitFor()
    const slider = chart.getByRole('slider')
    await slider.focus()
    await slider.press('End')
    await reached(slider, /p99 \S*\d/)
  })

  test('the health screen says what differs at a sender', async ({ world, page }) => {
    await world.send('invoice.paid', { id: 'evt_1' })
    await page.goto(world.url)
    const section = page.getByRole('region', { name: 'At the senders' })
    await section.waitFor()
    expect(await section.textContent()).toMatch(
      /stripe ⊘ differs from the code at https:\/\/shop\.example\/stripe.*lacks invoice\.voided/,
    )
  })
})

/** Moves the slider back to a step whose text matches, since a new minute may have begun after the delivery. */
async function reached(slider: Locator, has: RegExp): Promise<void> {
  const said = async (): Promise<string> => (await slider.getAttribute('aria-valuetext'))!
  for (let at = 0; at < 3 && !has.test(await said()); at++) await slider.press('ArrowLeft')
  expect(await said()).toMatch(has)
}

import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { eachWithTab } from './stage.ts'

const HOUR = 3_600_000

needs(chromium).describe('charts', () => {
  const stage = eachWithTab()

  test('have the numbers of the inbox, as a picture and as a table', async () => {
    const { world, tab } = stage
    const { page } = tab
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
    expect(Object.fromEntries(known)).toMatchObject({ refused: 3 })

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

  test('are read without a mouse: arrows choose a step, Enter opens its deliveries', async () => {
    const { world, tab } = stage
    const { page } = tab
    await world.send('invoice.paid', { id: 'evt_1' })
    await world.settled()
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

  test('open for each handler', async () => {
    const { world, tab } = stage
    const { page } = tab
    // So many that one of two steps has the five that a quantile needs, wherever a step begins.
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
})

/** Goes back to the step that says so: the minute may have turned since it was sent. */
async function reached(slider: Locator, has: RegExp): Promise<void> {
  const said = async (): Promise<string> => (await slider.getAttribute('aria-valuetext'))!
  for (let at = 0; at < 3 && !has.test(await said()); at++) await slider.press('ArrowLeft')
  expect(await said()).toMatch(has)
}

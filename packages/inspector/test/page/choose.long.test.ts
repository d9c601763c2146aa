import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { test } from './stage.ts'
import type { World } from './world.ts'

needs(chromium).describe('rows that are chosen', () => {
  const box = (page: Page, id: string) =>
    page.getByRole('checkbox', { name: `Choose invoice.paid ${id}`, exact: true })
  const deadOf = async ({ inbox }: World): Promise<readonly string[]> =>
    (await inbox.view!.list({ state: 'dead' })).rows.map(({ event }) => event.id!).sort()

  test('run again, those alone: the count first, then the outcome; the keyboard chooses too', async ({
    world,
    page,
  }) => {
    await world.makeDead(5)
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    await box(page, 'evt_4').click()
    await box(page, 'evt_2').click({ modifiers: ['Shift'] })
    await page.getByText('3 rows chosen', { exact: true }).last().waitFor()
    await box(page, 'evt_3').click()
    await page.keyboard.press('k')
    await page.keyboard.press('k')
    await page.keyboard.press('x')
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('X')
    await page.getByText('5 rows chosen', { exact: true }).last().waitFor()
    await page.getByRole('button', { name: 'Choose none' }).click()
    for (const id of ['evt_2', 'evt_4']) await box(page, id).click()
    await page.getByRole('button', { name: 'Run 2 dead tasks again…' }).click()
    await page.getByText('Run 2 tasks again, at 10 a second, about 200 ms.').waitFor()
    expect(await deadOf(world)).toHaveLength(5)
    await page.getByRole('button', { name: 'Run 2', exact: true }).click()
    const progress = page.getByRole('region', { name: 'Change of many tasks' })
    await progress.getByText('2 tasks set to run again.').waitFor()
    await progress.getByText('2 done').waitFor()
    expect(await deadOf(world)).toEqual(['evt_1', 'evt_3', 'evt_5'])
    expect(await page.locator('.bulk b').count()).toBe(0)
    // All requests of this change count as one action.
    await page.getByRole('link', { name: 'Actions' }).click()
    await page.getByRole('link', { name: '2 run again' }).waitFor()
    await page.getByText(/^state:dead .*task:\d+ and 1 more$/).waitFor()
  })

  test('stay chosen while rows come, and are dropped when the search changes', async ({
    world,
    page,
  }) => {
    await world.makeDead(2)
    await page.goto(`${world.url}?screen=list`)
    await box(page, 'evt_1').click()
    await world.sendAndSettle('invoice.paid', { id: 'evt_9' })
    await page.getByRole('button', { name: '1 new' }).click()
    await box(page, 'evt_9').waitFor()
    expect(await box(page, 'evt_1').isChecked()).toBe(true)
    await page.getByRole('button', { name: 'Run 1 dead task again…' }).waitFor()
    await page.getByRole('link', { name: 'last hour' }).click()
    await page.getByText('The search changed: 1 row is no longer chosen.').waitFor()
    expect(await box(page, 'evt_1').isChecked()).toBe(false)
  })

  test('all: what is loaded by the box above, then all that the search finds', async ({
    world,
    page,
  }) => {
    await world.makeDead(103)
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    await page.getByRole('checkbox', { name: 'Choose all rows' }).click()
    await page.getByText('100 rows chosen', { exact: true }).last().waitFor()
    await page.getByRole('button', { name: 'Delete 100 tasks…' }).waitFor()
    await page.getByRole('button', { name: 'Choose all that match' }).click()
    await page.getByText('All that match are chosen:').waitFor()
    expect(await box(page, 'evt_99').isChecked()).toBe(true)
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByText('Delete 103 tasks.').waitFor()
    await page.getByRole('button', { name: 'Delete 103' }).click()
    await page.getByText('103 tasks deleted.').first().waitFor()
    expect(await deadOf(world)).toEqual([])
  })

  test('in more than one request, which are one action', async ({ world, page }) => {
    await world.makeDead(103)
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    await page.locator('[data-id]').first().waitFor()
    await page
      .getByRole('region')
      .or(page.locator('.scroller'))
      .last()
      .evaluate((element) => element.scrollTo(0, 1e6))
    await box(page, 'evt_1').waitFor()
    await page.getByRole('checkbox', { name: 'Choose all rows' }).click()
    await page.getByText('103 rows chosen', { exact: true }).last().waitFor()
    await page.getByRole('button', { name: 'Run 103 dead tasks again…' }).click()
    await page.getByLabel('Tasks a second').selectOption('all at once')
    await page.getByRole('button', { name: 'Run 103', exact: true }).click()
    await page.getByText('103 done').waitFor()
    expect((await world.inbox.journal!.actions()).rows).toMatchObject([{ count: 103 }])
  })

  test('the causes of chosen rows are muted, with a note and an owner', async ({ world, page }) => {
    world.grant = { allow: 'all', as: 'ada' }
    await world.makeDead(2)
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    await box(page, 'evt_1').click()
    await page.getByRole('button', { name: 'Mute 1 cause…' }).click()
    await page.keyboard.type('fixed in 4.2')
    await page.getByLabel('Owner').fill('payments')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Actions' }).click()
    const row = page.getByRole('row', {
      name: /ada muted SMTP 421 too many connections · fixed in 4\.2 · owner payments/,
    })
    await row.waitFor()
    await page.getByRole('link', { name: 'Health', exact: true }).click()
    await page
      .getByText('muted by ada: fixed in 4.2 · owner payments · until it fails again')
      .waitFor()
    await page.getByRole('button', { name: 'Unmute' }).click()
    await page.getByRole('link', { name: 'Actions' }).click()
    await page.getByRole('row', { name: /ada unmuted SMTP 421/ }).waitFor()
  })

  test('have no box for who may do nothing to them', async ({ world, page }) => {
    await world.makeDead()
    world.grant = { allow: 'read', as: 'bob' }
    await page.goto(`${world.url}?screen=list`)
    await page.locator('[data-id]').first().waitFor()
    expect(await page.getByRole('checkbox').count()).toBe(0)
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    expect(await page.getByText(/rows? chosen/).count()).toBe(0)
  })

  test('a list is downloaded as a file, with the search of the page', async ({ world, page }) => {
    await world.makeDead(2)
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    for (const [name, lines] of [
      ['CSV', 3],
      ['NDJSON', 2],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: `Download ${name}`, exact: true }).click(),
      ])
      expect(download.suggestedFilename()).toMatch(/^tasks-\d{4}-\d\d-\d\d\.(csv|ndjson)$/)
      const text = await readFile(await download.path(), 'utf8')
      expect(text.trimEnd().split('\n')).toHaveLength(lines)
    }
  })
})

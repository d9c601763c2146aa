import { expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { eachWithTab } from './stage.ts'

needs(chromium).describe('what people did', () => {
  const stage = eachWithTab()

  test('the bar follows a replay to its end, and each number leads to its tasks', async () => {
    const { world, tab } = stage
    const { page } = tab
    world.fail(true)
    for (let n = 0; n < 3; n++) await world.send('invoice.paid', { id: `evt_${n}` })
    await world.settled()
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    await page.getByRole('button', { name: 'Run again…' }).click()
    await page.getByRole('combobox', { name: 'Tasks a second' }).selectOption('all at once')
    await page.getByRole('button', { name: 'Run 3' }).click()
    const bar = page.getByRole('region', { name: 'Change of many tasks' })
    await bar.getByRole('link', { name: '3 queued' }).waitFor()
    const dead = bar.getByRole('link', { name: /^3 dead again/ })
    await dead.waitFor()
    await dead.click()
    await page.waitForURL(/q=action:\w+\+state:dead/)
    await expect.poll(() => page.locator('[data-id]').count()).toBe(3)
    await page.locator('[data-id]').first().click()
    await page.getByText(/^run again by .*\d\d:\d\d:\d\d$/).waitFor()

    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    const rows = page.getByRole('region', { name: 'Actions' }).getByRole('row')
    await expect.poll(() => rows.count()).toBe(2)
    await rows.getByRole('link', { name: '3 run again' }).waitFor()
    await page.goto(world.url)
    await page
      .getByText(/◆ \d\d:\d\d 3 run again/)
      .first()
      .waitFor()
  })
})

import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { test } from './stage.ts'

/** Returns the id of the row that has the focus. Outside of rows, returns the element's label, id or tag name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement
    const row = element.closest<HTMLElement>('[data-id]')?.dataset['id']
    return row ?? (element.getAttribute('aria-label') || element.id || element.tagName)
  })
}

needs(chromium).describe('the focus', () => {
  describe.each([1440, 390])('%i pixels wide', (width) => {
    test.beforeEach(({ page }) => page.setViewportSize({ width, height: 844 }))

    test('comes back to the row from its detail, however that is left', async ({ world, page }) => {
      await world.makeDead(3)
      await page.goto(`${world.url}?screen=list&q=state:dead`)
      const rows = page.locator('[data-id]')
      await rows.nth(2).waitFor()
      const id = (await rows.nth(1).getAttribute('data-id'))!
      const detail = page.getByRole('region', { name: 'Delivery' })
      for (const leave of [
        () => page.goBack(),
        () => page.keyboard.press('Escape'),
        () =>
          page
            .getByRole('link', { name: /Back to the list|Deliveries$/ })
            .last()
            .click(),
      ]) {
        await rows.nth(1).getByRole('link').focus()
        await page.keyboard.press('Enter')
        await detail.getByText('SMTP').first().waitFor()
        await expect.poll(() => focused(page)).toBe(width < 1100 ? 'Delivery' : id)
        await leave()
        await detail.waitFor({ state: 'detached' })
        await expect.poll(() => focused(page)).toBe(id)
      }
    })

    test('goes to the main part of a new screen, and back to the link that led there', async ({
      world,
      page,
    }) => {
      await world.makeDead(3)
      await page.goto(world.url)
      await page.getByRole('link', { name: '3 tasks are dead' }).click()
      await page.locator('[data-id]').first().waitFor()
      await expect.poll(() => focused(page)).toBe('main')
      await page.goBack()
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.textContent))
        .toBe('3 tasks are dead')
    })

    test('is never behind a button that is disabled, and goes back from a panel to what had it', async ({
      world,
      page,
    }) => {
      await world.sendAndSettle('invoice.paid', { id: 'evt_done' })
      await page.goto(`${world.url}?screen=list&open=first`)
      const main = page.locator('.actions').getByRole('button', { name: 'Run again' })
      await main.waitFor()
      expect(await main.getAttribute('class'), 'nothing calls for it').not.toBe('main')
      await page.getByRole('tab').first().focus()
      await page.keyboard.press('r')
      await page.getByRole('button', { name: 'Run 0 tasks' }).waitFor()
      await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT')
      await page.keyboard.press('Space')
      await page.getByRole('button', { name: 'Run 1 task' }).waitFor()
      await page.keyboard.press('Escape')
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.textContent))
        .toBe('Attempts')
    })
  })

  test('has room where all is magnified four times: rows, detail and question, and nothing is too wide', async ({
    world,
    page,
  }) => {
    await page.setViewportSize({ width: 320, height: 256 })
    await world.makeDead(3)
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    await page.locator('[data-id]').nth(2).waitFor()
    const heightOf = (selector: string): Promise<number> =>
      page.locator(selector).evaluate((element) => element.clientHeight)
    const over = (): Promise<number> =>
      page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(await heightOf('.scroller')).toBeGreaterThan(200)
    await page.getByRole('button', { name: 'Run again…' }).click()
    await page.getByText('Run 3 tasks again').waitFor()
    expect(await heightOf('.scroller')).toBeGreaterThan(200)
    expect(await over()).toBe(0)
    await page.getByRole('button', { name: 'Close' }).click()
    await page.locator('[data-id]').nth(1).getByRole('link').click()
    await page.getByRole('region', { name: 'Delivery' }).getByText('SMTP 421').first().waitFor()
    expect(await heightOf('.detail')).toBeGreaterThan(200)
    await page.getByRole('tab', { name: 'Payload' }).click()
    await page.getByRole('tree').waitFor()
    expect(await over()).toBe(0)
    await page.goto(world.url)
    await page.getByRole('heading', { name: /needs? attention/ }).waitFor()
    expect(await over()).toBe(0)
  })
})

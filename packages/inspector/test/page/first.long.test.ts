import { expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { eachWithTab } from './stage.ts'

needs(chromium).describe('the first look', () => {
  const stage = eachWithTab()

  test('something is painted before the style has come, and stays until the app has answered', async () => {
    const { world, tab } = stage
    const { page } = tab
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
    await page.getByText('postern is on its way').waitFor()
    const asked = page.waitForRequest('**/api/status')
    style.resolve()
    await asked
    await page.getByText('postern is on its way').waitFor()
    status.resolve()
    await page.getByText('No deliveries yet.').waitFor()
  })

  test('of an empty app: all charts have one axis of time, and a sample runs a handler', async () => {
    const { world, tab } = stage
    const { page } = tab
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
})

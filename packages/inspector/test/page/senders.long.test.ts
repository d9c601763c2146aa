import { expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { eachWithTab } from './stage.ts'

needs(chromium).describe('senders', () => {
  const stage = eachWithTab()

  test('the health screen says what differs at a sender', async () => {
    const { page } = stage.tab
    await stage.world.send('invoice.paid', { id: 'evt_1' })
    await page.goto(stage.world.url)
    const section = page.getByRole('region', { name: 'At the senders' })
    await section.waitFor()
    expect(await section.textContent()).toMatch(
      /stripe ⊘ differs from the code at https:\/\/shop\.example\/stripe.*lacks invoice\.voided/,
    )
  })
})

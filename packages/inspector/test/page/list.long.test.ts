import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { test } from './stage.ts'

needs(chromium).describe('the lists of deliveries and of actions', () => {
  test('the search suggests names and values of payloads; what is half written says so, and claims nothing else', async ({
    world,
    page,
  }) => {
    for (const customer of ['cus_one', 'cus_two'])
      await world.sendAndSettle('invoice.paid', { id: `evt_${customer}`, payload: { customer } })
    await page.goto(`${world.url}?screen=list`)
    const field = page.getByRole('combobox', { name: 'Search deliveries' })
    await field.fill('payload.custo')
    await page.getByText('payload.custo has no value').waitFor()
    expect(await page.getByText('No delivery matches').count()).toBe(0)
    await page
      .getByRole('option', { name: /^payload\.(data\.object\.)?customer:/ })
      .first()
      .waitFor()
    await field.press('ArrowDown')
    await field.press('Enter')
    const value = page.getByRole('option', { name: /customer:cus_one$/ })
    await value.waitFor()
    await value.click()
    await expect.poll(() => page.locator('[data-id]').count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('q')).toMatch(/customer:cus_one$/)

    await field.fill('stat:dead')
    await page.getByText('stat: is not a qualifier; did you mean state:?').waitFor()
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await field.fill('state:ded')
    await page.getByText('did you mean dead?').waitFor()
    await page.getByRole('button', { name: 'Search for state:dead' }).click()
    await page.getByText('No delivery matches.').waitFor()
    expect(await field.inputValue()).toBe('state:dead')
    await field.fill('topic:nothing')
    await page.getByText('No delivery matches.').waitFor()
    await field.fill('nobody')
    await page.getByText('No delivery matches: no id, topic, error or payload has it.').waitFor()

    await page.getByRole('link', { name: 'Show all' }).click()
    await page.locator('[data-id]').nth(1).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Deliveries' }).waitFor()
    await page.locator('main').focus()
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('all but those').waitFor()
  })

  test('the search finds all deliveries with a value that was chosen in a payload, whatever its name', async ({
    world,
    page,
  }) => {
    const payload = { 'odd.name x': [{ 'a:b': 'one "two" three' }], note: 'n'.repeat(400) }
    await world.send('invoice.paid', { id: 'evt_1', payload })
    await world.send('invoice.paid', { id: 'evt_2', payload: { ...payload, also: [1] } })
    await world.sendAndSettle('invoice.paid', { id: 'evt_3' })
    for (const name of ['a:b', 'note']) {
      await page.goto(`${world.url}?screen=list&open=first&q=evt_2&tab=payload`)
      const tree = page.getByRole('tree')
      await tree.waitFor()
      await page.getByRole('searchbox', { name: 'Search in the payload' }).fill(name)
      await page.locator('.path', { hasText: name }).waitFor()
      await page.getByRole('link', { name: 'Find all with this' }).click()
      await expect.poll(() => page.locator('[data-id]').count()).toBe(2)
      await page.getByText('These are all.').waitFor()
    }
  })

  test('a row says why: the error of a dead task, the reason of a rejection', async ({
    world,
    page,
  }) => {
    world.isBroken = true
    await world.send('invoice.paid', { id: 'evt_1' })
    await world.tamper()
    await world.settled()
    await page.goto(`${world.url}?screen=list`)
    const rows = page.locator('[data-id]')
    await rows.getByText('SMTP 421 too many connections').waitFor()
    await rows.getByText('signature_mismatch').waitFor()
    expect(await rows.first().locator('.why').textContent()).not.toBe('')
  })

  test('the bar follows a replay to its end, and each number leads to its tasks', async ({
    world,
    page,
  }) => {
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

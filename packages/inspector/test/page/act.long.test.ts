// Takes 15 s.
import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { clipboard } from './browser.ts'
import { test } from './stage.ts'

needs(chromium).describe('what the page does', () => {
  test('explains a tampered delivery: the proven cause first', async ({ world, page }) => {
    await world.tamper()
    await world.settled()
    await page.goto(`${world.url}?screen=list&q=outcome:rejected&open=first`)
    const detail = page.getByRole('region', { name: 'Delivery' })
    await detail.getByRole('tab', { name: 'Explain', selected: true }).waitFor()
    await detail.getByRole('heading', { name: 'signature_mismatch' }).waitFor()
    await detail.getByRole('heading', { name: 'Proven: secret-whitespace' }).waitFor()
    await detail.getByText('Remedy:').waitFor()
    await detail.getByText(/Tried \d+ changes? in/).waitFor()
    expect(await page.content()).not.toContain('whsec_')
  })

  test('a remedy leads to the page of the sender', async ({ world, page }) => {
    await world.tamper('whsec_YW5vdGhlciBzZWNyZXQgdGhhbiB0aGUgb25lIG9mIHRoZSBhcHA')
    await world.settled()
    await page.goto(`${world.url}?screen=list&q=outcome:rejected&open=first`)
    const link = page
      .getByRole('region', { name: 'Delivery' })
      .getByRole('link', { name: /^https:/ })
    expect(await link.getAttribute('href')).toMatch(/^https:\/\/docs\.stripe\.com\//)
    expect(await link.getAttribute('rel')).toBe('noreferrer')
  })

  test('shows the bytes that were signed beside those that came, and copies them as text and as a picture', async ({
    world,
    page,
  }) => {
    await world.rewrite()
    await world.settled()
    await page.goto(`${world.url}?screen=list&q=outcome:rejected&open=first`)
    const card = page.getByRole('region', { name: 'What differs' })
    await card.getByText(/\d+ bytes came that were not signed/).waitFor()
    expect(await card.locator('del').first().textContent()).toContain('↵')
    await card.getByRole('button', { name: 'Copy as text' }).click()
    await expect.poll(() => clipboard(page)).toMatch(/^proven: body-reserialized\n/)
    const text = await clipboard(page)
    expect(text).toMatch(/^signed {2}\{"[^]*^came {4}\{⟦↵/m)
    expect(text).not.toMatch(/whsec_|v1=/)
    await card.getByRole('button', { name: 'Copy as picture' }).click()
    await page.getByText('Copied the picture.').waitFor()
    const size = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read()
      const picture = await createImageBitmap(await item!.getType('image/png'))
      return [picture.width, picture.height]
    })
    expect(size[0]).toBe(1200)
    expect(size[1]).toBeGreaterThan(200)
  })

  test('copies a delivery as a test', async ({ world, page }) => {
    await world.sendAndSettle()
    await page.goto(`${world.url}?screen=list&open=first`)
    await page.getByRole('button', { name: 'Copy as test' }).click()
    await page.getByText('Copied the test.').waitFor()
    const text = await clipboard(page)
    expect(text).toContain("from '@postern/testing'")
    expect(await page.getByRole('textbox', { name: 'Test' }).inputValue()).toBe(text)
    expect(text).not.toContain('whsec_c2VjcmV0IG9mIHRoZSB3b3JsZCBvZiB0ZXN0cw')
  })

  test('copies a delivery as curl', async ({ world, page }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_curl' })
    await page.goto(`${world.url}?screen=list&open=first`)
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    await page.getByText('Copied the curl command.').waitFor()
    const text = await clipboard(page)
    expect(text).toMatch(/^curl -X POST \\\n  'http[^]* \\\n  -H /)
    expect(text).toContain('evt_curl')
    const box = page.getByRole('textbox', { name: 'curl command' })
    expect(await box.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(0)
  })

  test('runs an edited payload, and takes no text that is not JSON', async ({ world, page }) => {
    await world.makeDead()
    await page.goto(`${world.url}?screen=list&q=state:dead&open=first`)
    await page.getByRole('button', { name: 'Edit and run' }).click()
    const editor = page.getByRole('textbox', { name: 'Payload' })
    const text = await editor.inputValue()
    await editor.fill(`${text},`)
    await page.getByText(/^Not JSON: .*line \d+ column \d+/).waitFor()
    expect(await page.getByRole('button', { name: 'Run edited' }).isDisabled()).toBe(true)
    await editor.fill(JSON.stringify({ ...JSON.parse(text), edited: true }))
    await page.getByRole('button', { name: 'Run edited' }).click()
    await page.getByText('edited from').waitFor()
    await page.getByText('1 done').waitFor()
    await page.getByRole('tab', { name: 'Payload' }).click()
    await page.getByRole('treeitem', { name: 'edited: true' }).waitFor()
  })

  test('deletes a task once it has said what that means', async ({ world, page, tab }) => {
    await world.makeDead()
    await page.goto(`${world.url}?screen=list&q=state:dead&open=first`)
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByText('You cannot undo this.').waitFor()
    await page.getByRole('button', { name: 'Delete 1 task' }).click()
    await page.getByText('1 task deleted.').waitFor()
    await expect.poll(() => dead()).toBe(0)
    await page.getByText('Not found.').waitFor()
    expect(tab.problems.splice(0).every((text) => text.includes('404'))).toBe(true)

    async function dead(): Promise<number> {
      return (await world.inbox.view!.list({ state: 'dead' })).rows.length
    }
  })

  test('runs many again: the count first, then progress, and Stop stops it', async ({
    world,
    page,
  }) => {
    await world.makeDead(30)
    const dead = async (): Promise<number> =>
      (await world.inbox.view!.replay({ state: 'dead' }, { dryRun: true })).count
    expect(await dead()).toBe(30)

    await page.goto(world.url)
    await page.getByRole('heading', { name: /^1 issue needs attention\./ }).waitFor()
    await page.getByRole('link', { name: '30 dead' }).waitFor()
    await page.getByRole('button', { name: 'Run again…' }).click()
    await page.getByText('Run 30 tasks again, at 10 a second, about 3 s.').waitFor()
    await page.getByLabel('Tasks a second').selectOption('1 a second')
    await page.getByText('Run 30 tasks again, at 1 a second, about 30 s.').waitFor()
    expect(await dead()).toBe(30)
    await page.getByRole('button', { name: 'Run 30' }).click()
    const progress = page.getByRole('region', { name: 'Change of many tasks' })
    await progress.getByText(/^[12] of 30 tasks set to run again/).waitFor()
    await progress.getByRole('button', { name: 'Stop' }).click()
    await progress.getByText(/^Stopped\. \d of 30 tasks set to run again/).waitFor()
    const left = await dead()
    expect(left).toBeGreaterThan(25)
    expect(left).toBeLessThan(30)
    await progress.getByRole('button', { name: 'Close' }).click()

    await page.getByRole('link', { name: `${left} dead` }).click()
    await page.getByRole('button', { name: 'Run again…' }).click()
    await page.getByLabel('Tasks a second').selectOption('all at once')
    await page.getByRole('button', { name: `Run ${left}` }).click()
    await progress.getByText(`${left} tasks set to run again.`).waitFor()
    await expect.poll(dead).toBe(0)
    await world.settled()
    expect(new Set(world.done.filter((one) => one.startsWith('mail'))).size).toBe(30)
  })

  test('sends a sample, if the visitor may', async ({ world, page }) => {
    await page.goto(world.url)
    await page.getByRole('heading', { name: 'No deliveries yet.' }).waitFor()
    await page.getByRole('button', { name: 'Send a sample' }).click()
    await page.getByText('The sample was answered with 200.').waitFor()
    await page.getByRole('heading', { name: 'All is well.' }).waitFor()
    await world.settled()
    expect(world.done.length).toBeGreaterThan(0)
  })

  test('offers nothing that the visitor may not do, and no payload that is not theirs', async ({
    world,
    page,
  }) => {
    await world.makeDead()
    world.grant = { allow: 'read', payloads: false, as: 'bob' }
    await page.goto(`${world.url}?screen=list&q=state:dead&open=first&tab=payload`)
    await page.getByText('Payloads, headers and bodies are not shown to you.').waitFor()
    const names = await page.getByRole('button').allTextContents()
    expect(names.filter((name) => /run|delete|edit|copy|sample/i.test(name))).toEqual([])
  })
})

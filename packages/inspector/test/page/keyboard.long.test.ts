import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { clipboard } from './browser.ts'
import { test } from './stage.ts'

needs(chromium).describe('the keyboard alone', () => {
  test('opens the row that was just reached, however fast Enter follows; a text is edited in a font for code', async ({
    world,
    page,
  }) => {
    await world.makeDead(3)
    await page.goto(`${world.url}?screen=list&q=state:dead`)
    await page.locator('[data-id]').nth(2).waitFor()
    const ids = await page
      .locator('[data-id]')
      .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['id']))
    await page.keyboard.press('j')
    await expect.poll(focused).toContain('invoice.paid')
    // All keys are pressed in one task of the browser, so that no frame is rendered between them.
    await page.evaluate(() => {
      for (const key of ['j', 'j', 'k', 'Enter'])
        document.activeElement!.dispatchEvent(
          new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
        )
    })
    await expect.poll(() => new URL(page.url()).searchParams.get('open')).toBe(ids[1])
    await page.getByRole('button', { name: 'Edit and run' }).click()
    const family = await page
      .locator('textarea')
      .first()
      .evaluate((field) => getComputedStyle(field).fontFamily)
    expect(family).toContain('monospace')

    async function focused(): Promise<string> {
      return page.evaluate(() => document.activeElement?.closest('[data-id]')?.textContent ?? '')
    }
  })

  test('goes everywhere and does everything', async ({ world, page }) => {
    const { keyboard } = page
    world.isBroken = true
    await world.send('invoice.paid', { id: 'evt_1' })
    await world.sendAndSettle('charge.refunded', { id: 'evt_2' })
    world.isBroken = false
    await page.goto(world.url)
    await page.getByRole('heading', { name: /needs? attention/ }).waitFor()

    await keyboard.press('g')
    await keyboard.press('l')
    await page.locator('[data-id]').nth(1).waitFor()
    await keyboard.press('/')
    await keyboard.type('state:de')
    await page.getByRole('option', { name: 'state:dead' }).waitFor()
    await keyboard.press('ArrowDown')
    await keyboard.press('Enter')
    expect(new URL(page.url()).searchParams.get('q')).toBe('state:dead')
    await keyboard.press('Escape')
    await expect.poll(() => page.locator('[data-id^="task:"]').count()).toBe(2)

    await keyboard.press('j')
    await expect.poll(focused).toContain('charge.refunded')
    await keyboard.press('j')
    await expect.poll(focused).toContain('invoice.paid')
    await keyboard.press('k')
    await expect.poll(focused).toContain('charge.refunded')
    await keyboard.press('y')
    await expect.poll(() => clipboard(page)).toBe('evt_2')
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: 'charge.refunded' }).waitFor()
    // While a detail is open, the same keys open the next or previous delivery.
    await keyboard.press('j')
    await page.getByRole('heading', { name: 'invoice.paid' }).waitFor()

    await keyboard.press('r')
    await page.getByRole('button', { name: 'Run 1 task' }).waitFor()
    await expect.poll(focused).toBe('Run 1 task')
    await keyboard.press('Enter')
    await page.getByText('2 done').waitFor()
    await keyboard.press('c')
    await expect.poll(() => clipboard(page)).toMatch(/^curl /)
    await keyboard.press('t')
    await expect.poll(() => clipboard(page)).toContain('vitest')

    await page.getByRole('tab', { selected: true }).focus()
    await keyboard.press('ArrowRight')
    await page.getByRole('tab', { name: 'Payload', selected: true }).waitFor()
    await keyboard.press('Tab')
    await keyboard.type('invoice.paid')
    await page.getByText(/^1 of \d+$/).waitFor()

    await keyboard.press('Escape')
    await keyboard.press('Escape')
    await keyboard.press('u')
    await page.getByRole('button', { name: 'UTC', pressed: true }).waitFor()
    await keyboard.press('g')
    await keyboard.press('h')
    await page.getByRole('heading', { name: /needs? attention/ }).waitFor()
    await keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })

    function focused(): Promise<string | null> {
      return page.evaluate(() => {
        const element = document.activeElement!
        return element === document.body ? '' : element.textContent
      })
    }
  })

  test('a form that opens has the focus, keeps its letters, and gives the focus back', async ({
    world,
    page,
  }) => {
    world.grant = { allow: ['replay', 'delete', 'mute'], as: 'ada' }
    await world.makeDead()
    await page.goto(world.url)
    for (const name of ['Mute…', 'Run again…', 'Delete…']) {
      const opener = page.getByRole('button', { name })
      await opener.click()
      const form = page.locator('.ask-first')
      await form.waitFor()
      expect(await form.evaluate((one) => one.contains(document.activeElement))).toBe(true)
      if (name === 'Mute…') {
        await page.keyboard.type('urgent ? no')
        expect(await form.getByRole('textbox', { name: 'Note' }).inputValue()).toBe('urgent ? no')
      }
      await page.keyboard.press('Escape')
      await form.waitFor({ state: 'detached' })
      expect(await opener.evaluate((one) => one === document.activeElement)).toBe(true)
    }
    expect(await page.getByRole('button', { name: 'UTC', pressed: true }).count()).toBe(0)
  })

  test('walks the tree of a payload', async ({ world, page }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_tree' })
    await page.goto(`${world.url}?screen=list&open=first&tab=payload`)
    const tree = page.getByRole('tree')
    await tree.getByRole('treeitem').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('button', { name: 'Copy path' }).waitFor()
    expect(await page.locator('.path').textContent()).toMatch(/^payload\.\w+$/)
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => tree.getByRole('treeitem').count()).toBe(1)
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => tree.getByRole('treeitem').count()).toBeGreaterThan(3)
    await page.getByRole('button', { name: 'Copy path' }).click()
    expect(await clipboard(page)).toBe('payload')
  })

  test('copies what strangers chose as one line that does nothing where it is pasted', async ({
    world,
    page,
  }) => {
    const live = 'x\ntouch canary\n\u001B]52;c;eA==\u0007\u202Egnp \\u{1B}'
    const inert = String.raw`x\u{A}touch canary\u{A}\u{1B}]52;c;eA==\u{7}\u{202E}gnp \u{5C}u{1B}`
    await world.send('invoice.paid', {
      id: `evt_${live}`,
      payload: { [live]: { text: live, name: 'Zoë' } },
    })
    await world.settled()
    await page.goto(`${world.url}?screen=list&open=first&tab=payload`)
    await page.locator('.title .id').click()
    await expect.poll(() => clipboard(page)).toBe(`evt_${inert}`)
    const tree = page.getByRole('tree')
    await tree
      .getByRole('treeitem', { name: /^text:/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Copy value' }).click()
    await expect.poll(() => clipboard(page)).toBe(inert)
    await tree
      .getByRole('treeitem', { name: /^x\\ntouch canary/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Copy path' }).click()
    await expect.poll(() => clipboard(page)).toMatch(/^payload\["x\\ntouch canary[ -~]+"\]$/)
    await page.getByRole('button', { name: 'Copy value' }).click()
    await expect.poll(() => clipboard(page)).toMatch(/^\{[ -~]+\}$/)
    expect(JSON.parse(await clipboard(page))).toEqual({ text: live, name: 'Zoë' })
  })

  test('the line between list and detail is dragged and moved by keys, within bounds, and stays so', async ({
    world,
    page,
  }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_1' })
    await page.goto(`${world.url}?screen=list&open=first`)
    const line = page.getByRole('separator', { name: 'Width of the list' })
    await line.waitFor()
    const width = async (): Promise<number> => (await page.locator('#list').boundingBox())!.width
    const usual = await width()
    await line.focus()
    await page.keyboard.press('ArrowLeft')
    expect(await line.getAttribute('aria-valuenow')).toBe('54')
    await expect.poll(width).toBeLessThan(usual)
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowRight')
    expect(await line.getAttribute('aria-valuenow')).toBe('70')
    const { x, y, height } = (await line.boundingBox())!
    await page.mouse.move(x + 4, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(600, y + height / 2, { steps: 3 })
    await page.mouse.up()
    await expect.poll(width).toBeCloseTo(1440 * 0.42, 0)
    await page.reload()
    await line.waitFor()
    expect(await line.getAttribute('aria-valuenow')).toBe('42')
    await line.dblclick()
    await expect.poll(width).toBe(usual)
    await page.setViewportSize({ width: 900, height: 900 })
    await expect.poll(() => line.count()).toBe(0)
  })
})

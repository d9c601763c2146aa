import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { inspector } from '../../src/hosts/node.ts'
import { test } from './stage.ts'

needs(chromium).describe('what the page had from its first day', () => {
  test('each run is a mark of the timeline, which opens its error', async ({ world, page }) => {
    await world.makeDead()
    await page.goto(`${world.url}?screen=list&q=state:dead&open=first&tab=payload`)
    const marks = page.getByRole('region', { name: 'Timeline' }).getByRole('button')
    await marks.first().waitFor()
    const names = await marks.evaluateAll((all) =>
      all.map((one) => one.getAttribute('aria-label')!).filter((name) => name.includes('SMTP')),
    )
    expect(names).toEqual([
      expect.stringMatching(/^run 1 failed after .+: SMTP 421 too many connections$/),
      expect.stringMatching(/^run 2 (?:dead|failed) after .+: SMTP 421 too many connections$/),
    ])
    await marks.and(page.getByRole('button', { name: /^run 2 .*SMTP/ })).click()
    await page.getByRole('tab', { name: /^Attempts/, selected: true }).waitFor()
    await expect
      .poll(() => page.evaluate(() => document.activeElement!.textContent))
      .toMatch(/#2.*SMTP 421/s)
  })

  test('filters, the open row and its tab are in the address; back and forward go through them', async ({
    world,
    page,
  }) => {
    await world.makeDead()
    await page.goto(`${world.url}?screen=list`)
    await page.getByRole('link', { name: 'dead', exact: true }).click()
    await page.locator('[data-id^="task:"]').first().getByRole('link').click()
    await page.getByRole('tab', { name: 'Headers' }).click()
    await page.getByRole('tab', { name: 'Headers', selected: true }).waitFor()
    const address = page.url()
    expect(Object.fromEntries(new URL(address).searchParams)).toMatchObject({
      q: 'state:dead',
      open: expect.stringMatching(/^task:/) as string,
      tab: 'headers',
    })
    while (new URL(page.url()).searchParams.get('open')) await page.goBack()
    await page.getByRole('region', { name: 'Delivery' }).waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('q')).toBe('state:dead')
    await page.goBack()
    await page.locator('[data-id^="delivery:"]').first().waitFor()
    while (page.url() !== address) await page.goForward()
    await page.getByRole('tab', { name: 'Headers', selected: true }).waitFor()
    // The same URL shows the same view to another visitor.
    await page.goto('about:blank')
    await page.goto(address)
    await page.getByRole('tab', { name: 'Headers', selected: true }).waitFor()
  })

  test('a time is in both zones in the detail, and in the one that was chosen in lists', async ({
    world,
    page,
  }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_1' })
    await page.goto(`${world.url}?screen=list&open=first`)
    const title = page.getByRole('region', { name: 'Delivery' }).locator('header.title')
    const iso = (await title.locator('time').first().getAttribute('datetime'))!
    const inZone = (timeZone: string): string =>
      new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(new Date(iso))
    await title.getByText(inZone('Europe/Berlin')).waitFor()
    await title.getByText(iso).waitFor()
    const row = page.locator('[data-id]').first().locator('.time')
    expect(await row.textContent()).toContain(inZone('Europe/Berlin'))
    await page.keyboard.press('u')
    await expect.poll(() => row.textContent()).toContain(inZone('UTC'))
    await page.reload()
    await expect.poll(() => row.textContent()).toContain(inZone('UTC'))
  })

  test('a phone has the same page: all that a desk can press or open', async ({ world, page }) => {
    world.isBroken = true
    await world.send('invoice.paid', { id: 'evt_1' })
    await world.tamper()
    await world.settled()
    for (const query of ['', '?screen=list&q=state:dead', '?screen=list&q=state:dead&open=first']) {
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.goto(`${world.url}${query}`)
      await page.locator('.chart, [data-id], .actions').first().waitFor()
      const parts = page.locator(query.includes('open') ? '.detail' : 'main')
      await parts.first().waitFor()
      await expect.poll(async () => (await pressed(page, query)).size).toBeGreaterThan(3)
      const desk = await pressed(page, query)
      await page.setViewportSize({ width: 390, height: 844 })
      await expect.poll(async () => missing(desk, await pressed(page, query))).toEqual([])
    }
  }, 60_000)

  test('an app that ends and starts again is seen without a reload, with what came meanwhile', async ({
    world,
    page,
    tab,
  }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_before' })
    const start = async (port: number): Promise<Server> => {
      const { inbox, receivers } = world
      const listener = inspector({ inbox, receivers, auth: () => ({ allow: 'read' }) })
      const server = createServer((request, response) => void listener(request, response))
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return server
    }
    const end = async (server: Server): Promise<void> => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }
    let server = await start(0)
    const { port } = server.address() as AddressInfo
    await page.goto(`http://127.0.0.1:${port}/?screen=list`)
    const rows = page.locator('[data-id]')
    await rows.getByText('evt_before').waitFor()
    await page.evaluate(() => Object.assign(window, { isSame: true }))
    await end(server)
    const alert = page.getByRole('alert')
    await alert.getByText('The app does not answer.').waitFor()
    await world.sendAndSettle('invoice.paid', { id: 'evt_meanwhile' })
    server = await start(port)
    await rows.getByText('evt_meanwhile').waitFor()
    await alert.waitFor({ state: 'detached' })
    expect(await page.evaluate(() => 'isSame' in window)).toBe(true)
    await page.goto('about:blank')
    await end(server)
    expect(tab.problems.splice(0).every((text) => /ERR_|Failed to load/.test(text))).toBe(true)
  }, 60_000)

  test('the list says what a rejected delivery claims, dimmed and as a claim', async ({
    world,
    page,
  }) => {
    await world.tamper()
    await world.settled()
    await page.goto(`${world.url}?screen=list`)
    const claim = page.locator('[data-id] .topic .muted', { hasText: /^claims invoice\.paid$/ })
    await claim.waitFor()
    expect(await claim.getAttribute('title')).toContain('not verified')
  })
})

function missing(all: Set<string>, some: Set<string>): readonly string[] {
  return [...all].filter((name) => !some.has(name))
}

/** Returns the names of visible buttons, links, tabs, selects and inputs. */
async function pressed(page: Page, query: string): Promise<Set<string>> {
  const within = query.includes('open') ? '.detail' : 'main'
  const names = await page
    .locator(`${within} :is(button, a, [role=tab], select, input)`)
    .evaluateAll((all) =>
      all
        .filter((one) => one.checkVisibility() && one.getAttribute('tabindex') !== '-1')
        .map((one) => (one.getAttribute('aria-label') ?? one.textContent).trim())
        // Names with times or numbers change, so they are left out.
        .filter((name) => name !== '' && !/\d/.test(name)),
    )
  return new Set(names)
}

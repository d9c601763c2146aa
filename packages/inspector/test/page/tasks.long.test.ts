// Takes 18 s.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import type { HealthReply } from '../../src/api/health.ts'
import { DESK } from './browser.ts'
import { test } from './stage.ts'

needs(chromium).describe('what people come for, with clicks counted', () => {
  function counting(page: Page): {
    clicks: number
    click: (name: string | RegExp) => Promise<void>
  } {
    const counted = {
      clicks: 0,
      async click(name: string | RegExp): Promise<void> {
        counted.clicks++
        await page
          .getByRole('button', { name })
          .or(page.getByRole('link', { name }))
          .first()
          .click()
      },
    }
    return counted
  }

  test('a rejected delivery is proven before a click, and shown with one', async ({
    world,
    page,
  }) => {
    for (let at = 0; at < 6; at++) await world.tamper()
    await world.settled()
    // The search for the cause has a time limit, which a busy machine may reach. Then a later request finds the cause.
    const isProven = async (): Promise<boolean> => {
      await page.goto(world.url)
      await page.getByRole('link', { name: '6 of 6 rejected' }).waitFor()
      return page.getByText('proven: secret-whitespace').isVisible()
    }
    await expect.poll(isProven, { interval: 2000 }).toBe(true)
    const hand = counting(page)
    await hand.click('Explain')
    await page.getByRole('heading', { name: 'Proven: secret-whitespace' }).waitFor()
    expect(hand.clicks).toBe(1)
  })

  test('the deliveries of a customer are found by pasting his id', async ({ world, page }) => {
    await world.sendAndSettle('invoice.paid', { id: 'evt_customer' })
    const [task] = (await world.inbox.view!.list({ eventId: 'evt_customer' })).rows
    const detail = await world.inbox.view!.get(task!.id)
    const customer = /cus_\w+/.exec(JSON.stringify(detail!.record.payload))![0]
    await page.goto(`${world.url}?screen=list`)
    const field = page.getByRole('combobox', { name: 'Search deliveries' })
    await field.fill(customer)
    await field.press('Enter')
    await page.getByText('0 by id or topic, 0 by error, 1 by payload').waitFor()
    expect(await page.locator('[data-id]').count()).toBe(1)
  })

  test('all dead of one cause run again and are seen to end with two clicks', async ({
    world,
    page,
  }) => {
    await world.makeDead(5)
    await page.goto(world.url)
    await page.getByText('ongoing').waitFor()
    const hand = counting(page)
    await hand.click('Run again…')
    await page.getByText('Run 5 tasks again').waitFor()
    await hand.click('Run 5')
    await page.getByRole('heading', { name: /^All is well\./ }).waitFor()
    expect(hand.clicks).toBe(2)
  })

  test('whether a sender is silent stands on the first screen', async ({ world, page }) => {
    await world.sendAndSettle()
    await page.goto(world.url)
    const row = page.getByRole('row', { name: /^stripe/ })
    await row.getByText(/^just now$| ago$/).waitFor()
    await page
      .getByRole('row', { name: /^github/ })
      .getByText('never')
      .waitFor()
  })

  test('where the inbox looked at the newest tasks alone, the page says so and counts all', async ({
    world,
    page,
  }) => {
    const health = {
      ...crowded(),
      dead: 50_000,
      more: { causes: 0, dead: 30_000, ofNewest: 20_000 },
    }
    await page.route('**/api/health*', (route) => route.fulfill({ json: health }))
    await page.goto(world.url)
    await page.getByRole('heading', { name: /50,000 tasks are dead/ }).waitFor()
    await page.getByRole('link', { name: 'and 30,000 more dead' }).waitFor()
    await page
      .getByText('Causes are of the 20,000 newest failed tasks of each subscription.')
      .waitFor()
  })

  test('a cause is muted with a note, and is no thing to look at until it changes', async ({
    world,
    page,
  }) => {
    world.grant = { allow: 'all', as: 'ada' }
    await world.makeDead()
    await page.goto(world.url)
    await page.getByRole('heading', { name: /^1 issue needs attention\./ }).waitFor()
    await page.getByRole('button', { name: 'Mute…' }).click()
    await page.getByRole('textbox', { name: 'Note' }).fill('mended in 4.2')
    await page.getByRole('button', { name: 'Mute until the next failure' }).click()
    await page.getByText('muted by ada: mended in 4.2 · until it fails again').waitFor()
    await page.getByRole('heading', { name: /^All is well\./ }).waitFor()
    await world.makeDead()
    await page.getByRole('heading', { name: /^1 issue needs attention\./ }).waitFor()
  })

  test('on a bad day nothing overflows, the total is named, and what is left is a link', async ({
    world,
    page,
  }) => {
    await page.route('**/api/health*', (route) => route.fulfill({ json: crowded() }))
    await page.goto(world.url)
    await inEachLook(page, async (width) => {
      await page.getByRole('heading', { name: /2,000 tasks are dead/ }).waitFor()
      await page.getByRole('link', { name: 'and 1,992 more causes, 1,568 dead' }).waitFor()
      await page.getByText('19 of 19 rejected').waitFor()
      expect(await overflows(page)).toBe(false)
      const charts = (await page.locator('.charts').boundingBox())!
      expect(charts.y, 'the charts are not pushed out of reach').toBeLessThan(
        width > 1000 ? 1400 : 3200,
      )
    })
  })

  test.for([
    ['the inbox', 503, /^SQLite has not answered since \d\d:\d\d:\d\d\./],
    ['the app', 0, /^The app has not answered since \d\d:\d\d:\d\d\./],
  ] as const)(
    '%s is down: the sentence says since when, and how old the rest is',
    async ([, status, said], { world, page, tab }) => {
      await world.sendAndSettle()
      await page.goto(world.url)
      await page.getByRole('heading', { name: /^All is well\./ }).waitFor()
      await page.route('**/api/*', (route) =>
        status === 0
          ? route.abort()
          : route.fulfill({
              status,
              json: { error: 'inbox_unavailable', message: 'it is gone' },
            }),
      )
      await inEachLook(page, async () => {
        await page.getByRole('heading', { name: said }).waitFor()
        await page.getByText(/Everything else is as of \d\d:\d\d:\d\d/).waitFor()
        expect(await page.getByText('All is well.').count()).toBe(0)
        expect(await overflows(page)).toBe(false)
      })
      await page.unroute('**/api/*')
      await page.getByRole('heading', { name: /^All is well\./ }).waitFor()
      tab.problems.splice(0)
    },
  )

  test('equal rows are told apart by a field of their payloads, chosen once for a topic', async ({
    world,
    page,
  }) => {
    const hostile = '\u202E<img src=x onerror=alert(1)>\u001B[31m'
    for (const [at, customer] of ['cus_1', hostile, 'x'.repeat(100_000)].entries())
      await world.sendAndSettle('invoice.paid', { id: `evt_${at}`, payload: { customer } })
    await page.goto(`${world.url}?screen=list&q=cus_1&open=first&tab=payload`)
    await page
      .getByRole('treeitem', { name: /^customer: / })
      .last()
      .click()
    await page.getByRole('button', { name: 'Show in lists' }).click()
    await page.goto(`${world.url}?screen=list`)
    const topics = page.locator('[data-id] .topic')
    await topics.nth(2).getByText('cus_1').waitFor()
    expect(await topics.nth(1).textContent()).toBe(
      'invoice.paid \\u{202E}<img src=x onerror=alert(1)>\\u{1B}[31m',
    )
    expect(await topics.nth(0).textContent()).toBe(`invoice.paid ${'x'.repeat(120)}…`)
    world.grant = { allow: 'all', payloads: false }
    await page.reload()
    await topics.nth(2).waitFor()
    expect(await topics.allTextContents()).toEqual(['invoice.paid', 'invoice.paid', 'invoice.paid'])
    world.grant = { allow: 'all' }
    await page.goto(`${world.url}?screen=list&q=cus_1&open=first&tab=payload`)
    await page
      .getByRole('treeitem', { name: /^customer: / })
      .last()
      .click()
    await page.getByRole('button', { name: 'Show in lists', pressed: true }).click()
    await page.goto(`${world.url}?screen=list`)
    await topics.nth(2).waitFor()
    expect(await topics.nth(2).textContent()).toBe('invoice.paid')
  })
})

/** Returns a very large reply: names of 200 characters, 50 receivers, 2,000 causes. */
function crowded(): HealthReply {
  const at = Date.now()
  const name = (place: number): string => `${place}-${'a-very-long-name-of-something-'.repeat(7)}`
  const spark = Array.from({ length: 96 }, (_, step) => step % 7)
  return {
    at,
    range: { from: at - 86_400_000, to: at, step: 900_000 },
    deliveries: 12_410,
    dead: 2000,
    oldest: at - 60_000,
    things: [
      ...Array.from({ length: 8 }, (_, place) => ({
        kind: 'dead' as const,
        cause: String(place),
        error: { name: 'Error', message: `${name(place)}${'x'.repeat(400)}` },
        subscriptions: [0, 1, 2, 3, 4, 5].map((lane) => ({
          receiver: name(lane),
          subscription: name(place),
          dead: 9,
        })),
        moreSubscriptions: 40,
        count: 54,
        retrying: 7,
        since: at - 7_200_000,
        last: at - 60_000,
        isOver: place > 5,
        spark,
      })),
      {
        kind: 'rejected' as const,
        receiver: name(1),
        code: 'signature_mismatch',
        count: 19,
        of: 19,
        proven: 'body-reserialized',
        remedy: 'mount the receiver before any body parser',
        since: at - 7_200_000,
        spark,
      },
      { kind: 'silent' as const, receiver: name(2), since: at - 9e7, usually: 240_000 },
    ],
    more: { causes: 1992, dead: 1568 },
    usual: { count: 0, groups: [] },
    handlers: [],
    receivers: Array.from({ length: 50 }, (_, place) => ({
      name: name(place),
      ok: true,
      inbox: 'ok',
      lastDelivery: at - 12_000,
      usually: 240_000,
      deliveries: 800,
      rejected: 3,
      unhandled: [name(3), name(4)],
      waiting: 2,
      p99: 12,
    })),
  }
}

/** Calls `see` in each combination of width and theme. */
async function inEachLook(page: Page, see: (width: number) => Promise<void>): Promise<void> {
  for (const [width, colorScheme] of [
    [390, 'dark'],
    [390, 'light'],
    [1440, 'light'],
    [1440, 'dark'],
  ] as const) {
    await page.setViewportSize({ ...DESK, width })
    await page.emulateMedia({ colorScheme })
    await see(width)
  }
}

function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
}

// Takes 20 s.
import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { generic } from '@postern/providers'
import { listen, settled } from '@postern/testing'
import express from 'express'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { inspector } from '../../src/hosts/express.ts'
import { temporaryInbox } from '../scene.ts'
import { openTab, startBrowser, type Tab } from './browser.ts'
import { hostilePayloads } from './payloads.ts'

const MARKER = 'postern_was_here'
// Maximum number of elements in the document. Of 20,000 keys the page shows 100, and of a long text only the start.
const MOST_ELEMENTS = 4000

// Number of deliveries opened with Playwright. A script in the page opens the others, which is faster.
const BY_HAND = 10

needs(chromium).describe('200 hostile deliveries', () => {
  const payloads = hostilePayloads(MARKER)
  let browser: Browser
  let inbox: Inbox
  let receiver: Receiver
  let app: { readonly url: string; readonly close: () => Promise<void> }
  let tab: Tab

  beforeAll(async () => {
    inbox = temporaryInbox()
    receiver = createReceiver({
      inbox,
      log: false,
      limits: { body: 8 * 1024 * 1024, depth: 500, unverified: { depth: 500, nodes: 100_000 } },
      provider: generic({
        unauthenticated: true,
        name: 'stranger',
        formats: ['json'],
        eventIdField: 'id',
        topicField: 'topic',
      }),
    }) as Receiver
    // The error text contains the hostile payload.
    receiver.on('**', { name: '<b>mail</b>', retry: { attempts: 1 } }, ({ payload }) => {
      throw new Error(JSON.stringify(payload).slice(0, 5000))
    })
    app = await listen(
      express().use(
        '/postern',
        inspector({ inbox, receivers: [receiver], auth: () => ({ allow: 'all' }) }),
      ),
      '/postern',
    )
    browser = await startBrowser()
    for (const [at, payload] of payloads.entries()) {
      const said = JSON.stringify(payload).slice(0, 150)
      const reply = await receiver.fetch(
        new Request('https://example.com/webhooks', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-said': encodeURI(said.toWellFormed()) },
          body: JSON.stringify({ id: `${at} ${said}`, topic: said, payload }),
        }),
      )
      expect(reply.status, `${at} ${await reply.text()}`).toBe(200)
    }
    await settled(receiver)
    await receiver.runDue({ deadline: '2s', max: 1 })
    tab = await openTab(browser, `${app.url}?screen=list`)
  })
  afterAll(async () => {
    await tab?.close()
    await browser?.close()
    await app?.close()
    await receiver?.close({ timeout: '1s' })
    await inbox?.close()
  })

  test('are 200', () => expect(payloads).toHaveLength(200))

  test('run nothing, load nothing and break nothing in list, detail, payload, raw and error', async () => {
    const { page, problems } = tab
    const outside: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(app.url)) outside.push(request.url())
    })
    page.on('dialog', () => problems.push('a dialog'))
    await page.locator('[data-id]').first().getByRole('link').click()
    const title = page.locator('.title .id')
    const seen = new Set<string>()
    // Opens the first deliveries as a person does, with keys and clicks.
    for (let at = 0; at < BY_HAND; at++) {
      const id = (await title.getAttribute('aria-label'))!
      seen.add(id)
      // Each detail first shows its attempts. Their error contains the payload.
      for (const name of ['Headers', 'Raw', 'Payload']) {
        await page.getByRole('tab', { name }).click()
        await page.getByRole('tab', { name, selected: true }).waitFor()
      }
      await page.getByRole('tree').waitFor()
      await page.keyboard.press('j')
      await expect.poll(() => title.getAttribute('aria-label')).not.toBe(id)
    }
    const shown = await page.evaluate(showAll, payloads.length - BY_HAND)
    for (const id of shown.ids) seen.add(id)
    expect(seen.size).toBe(200)
    expect(await page.evaluate((name) => name in window, MARKER)).toBe(false)
    expect(
      await page.evaluate(() => ({}) as { polluted?: number }).then((one) => one.polluted),
    ).toBe(undefined)
    expect(
      await page.locator('#page :is(script, iframe, img, object, embed, form[action])').count(),
    ).toBe(0)
    expect(await page.locator('#page a[href^="javascript" i]').count()).toBe(0)
    expect(shown.elements).toBeLessThan(MOST_ELEMENTS)
    expect(outside).toEqual([])
    expect(problems).toEqual([])
  })

  test('show what hides: marks of direction, blanks of no width, halves of pairs', async () => {
    const { page } = tab
    await page.goto(`${app.url}?screen=list&q=u202Egnp`)
    const shown = await page.locator('#page').evaluate((root) => root.textContent!)
    expect(shown).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B]/)
  })

  test('find their names and values in the tree, a hundred parts at a time', async () => {
    const { page } = tab
    await page.goto(`${app.url}?screen=list&q=key0&open=first&tab=payload`)
    const tree = page.getByRole('tree')
    await tree.getByRole('treeitem', { name: /^payload:/ }).click()
    await tree.getByRole('treeitem', { name: /show 100 more of 19,900/ }).waitFor()
    await tree.getByRole('treeitem', { name: /show 100 more/ }).click()
    await tree.getByRole('treeitem', { name: /show 100 more of 19,800/ }).waitFor()
    await page.getByRole('searchbox', { name: 'Search in the payload' }).fill('key345')
    await page.getByText(/^1 of \d+$/).waitFor()
    await tree.getByRole('treeitem', { name: /^key345: 345/ }).waitFor()
  })
})

/** Opens all tabs of the shown delivery, and of the deliveries after it. Runs in the page. */
async function showAll(
  count: number,
): Promise<{ readonly ids: readonly string[]; readonly elements: number }> {
  const ids: string[] = []
  let elements = 0
  const shown = (): string | undefined =>
    document.querySelector('.title .id')?.getAttribute('aria-label') ?? undefined
  const until = async (met: () => unknown): Promise<void> => {
    while (!met()) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const tab = (name: string): HTMLElement | undefined =>
    [...document.querySelectorAll<HTMLElement>('[role=tab]')].find((one) =>
      one.textContent!.startsWith(name),
    )
  const open = async (name: string): Promise<void> => {
    await until(() => tab(name))
    tab(name)!.click()
    await until(() => tab(name)?.getAttribute('aria-selected') === 'true')
  }
  for (let at = 0; at < count; at++) {
    await until(shown)
    const id = shown()!
    ids.push(id)
    await open('Raw')
    await open('Payload')
    await until(() => document.querySelector('[role=tree]'))
    elements = Math.max(elements, document.querySelectorAll('*').length)
    if (at === count - 1) break
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))
    await until(() => (shown() ?? id) !== id)
  }
  return { ids, elements }
}

// Takes 12 s.
import { memoryInbox } from '@postern/core'
import type { RunOptions } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { chromium } from '../../../../test/services/programs.ts'
import { startAxe } from './access/axe.ts'
import { openTab, startBrowser } from './browser.ts'
import { startCrowd } from './states/crowd.ts'
import { startWorld } from './world.ts'

// A window of 1280 x 1024, zoomed to 400 %, has 320 x 256 pixels. A phone on its side has 844 x 390.
const WINDOWS = [
  [320, 256],
  [844, 390],
  // These include the widths at which the layout changes.
  ...[320, 390, 560, 719, 720, 768, 790, 899, 900, 1024, 1099, 1100, 1440].map(
    (width) => [width, 900] as const,
  ),
] as const

// axe's rules about colors. In the dark theme, only these rules are checked, since the themes differ only in colors.
const COLOURS: RunOptions = { runOnly: ['color-contrast', 'link-in-text-block'] }

/** A screen: its URL, an element to wait for, and actions there. */
type Look = readonly [query: string, seen: string, act?: (page: Page) => Promise<void>]

const asTables = async (page: Page): Promise<void> => {
  const buttons = page.getByRole('button', { name: 'table', pressed: false })
  while ((await buttons.count()) > 0) await buttons.first().click()
}

const LOOKS: readonly Look[] = [
  ['', '.charts .chart'],
  ['', '.charts .chart', asTables],
  ['?screen=list', '[data-id]'],
  ['?screen=list&q=state:dead&open=first', '.detail .tabs'],
  ['?screen=actions', 'h1'],
]

const choose = async (page: Page): Promise<void> => {
  await page.locator('[data-id] input').first().click()
  await page.getByRole('button', { name: /^Run 1 dead task again/ }).click()
  await page.getByText('Run 1 task again').waitFor()
}

needs(chromium).describe('at every width, at 400 % and on its side, in both themes', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser?.close())

  test('with marks, mutes, chosen rows and a role without rights: no text on another, none beside the window', async () => {
    const world = await startWorld()
    world.isBroken = true
    for (const id of ['evt_1', 'evt_2']) await world.send('invoice.paid', { id })
    await world.tamper()
    await world.settled()
    await world.inbox.view!.replay({ state: 'dead' }, { by: 'a developer' })
    await world.settled()
    world.grant = { allow: 'all', as: 'ada' }
    const chosen: Look = ['?screen=list&q=state:dead', '[data-id]', choose]
    const found = await faultsOf(world.url, [...LOOKS, chosen])
    world.grant = { allow: 'read', payloads: false, as: 'bob' }
    found.push(
      ...(await faultsOf(world.url, [LOOKS[0]!, LOOKS[3]!])).map((one) => `without rights: ${one}`),
    )
    await world.close()
    expect(found).toEqual([])
  }, 240_000)

  test('with three hundred causes', async () => {
    const crowd = await startCrowd(memoryInbox(), { receivers: 3, causes: 300 })
    const found = await faultsOf(crowd.url, [LOOKS[0]!, LOOKS[2]!])
    await crowd.close()
    expect(found).toEqual([])
  }, 240_000)

  async function faultsOf(url: string, looks: readonly Look[]): Promise<string[]> {
    const { page, problems, close } = await openTab(browser, 'about:blank')
    const found: string[] = []
    for (const [query, seen, act] of looks) {
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.goto(url + query)
      await page.locator(seen).first().waitFor()
      await act?.(page)
      const axe = await startAxe(page)
      for (const [width, height] of WINDOWS) {
        await page.setViewportSize({ width, height })
        const at = `${query || 'health'} at ${width} x ${height}`
        // Charts adapt to the width one frame later.
        await page.evaluate(
          () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
        )
        found.push(...(await page.evaluate(overlaps)).map((one) => `${at}: ${one}`))
      }
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        for (const { id, impact, nodes } of await axe.violations(
          colorScheme === 'light' ? {} : COLOURS,
        ))
          if (impact !== 'minor')
            found.push(`${query} in ${colorScheme}: ${id} ${nodes[0]?.html.slice(0, 200)}`)
      }
      await axe.end()
    }
    found.push(...problems)
    await close()
    return found
  }
})

/** Returns visible texts that overlap, or that are outside the window. */
function overlaps(): readonly string[] {
  const { clientWidth, scrollWidth } = document.documentElement
  const texts: { node: Node; text: string; box: DOMRect; layer: Element | null }[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.textContent!.trim()
    const parent = node.parentElement!
    if (text === '' || parent.closest('.unseen, title, [inert], option, script, noscript, .skip'))
      continue
    if (!parent.checkVisibility({ visibilityProperty: true })) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const rect of range.getClientRects()) {
      const box = seenPart(rect, parent)
      // Floating and sticky parts cover the rest on purpose.
      const layer = parent.closest(
        '.newer-place, .progress, .note, .head, .row-head, .path-bar, .detail',
      )
      if (box) texts.push({ node, text: text.slice(0, 40), box, layer })
    }
  }
  for (const node of document.querySelectorAll('.box input')) {
    const box = seenPart(node.getBoundingClientRect(), node)
    const layer = node.closest('.row-head, .detail')
    if (box && !node.closest('[inert]')) texts.push({ node, text: '(a box)', box, layer })
  }
  const meets = (one: DOMRect, other: DOMRect): boolean =>
    Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2 &&
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 4
  return [
    ...(scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} pixels too wide`] : []),
    ...texts
      .filter(({ box }) => box.right > clientWidth + 1)
      .map(({ text }) => `beside the window: ${text}`),
    ...texts.flatMap((one, at) =>
      texts
        .slice(at + 1)
        .filter(
          (other) =>
            other.node !== one.node && other.layer === one.layer && meets(one.box, other.box),
        )
        .map((other) => `${one.text} | ${other.text}`),
    ),
  ]

  /** Returns the visible part of a text. Parent elements that scroll or cut may hide the rest. */
  function seenPart(rect: DOMRect, from: Element): DOMRect | undefined {
    let { left, right, top, bottom } = rect
    for (let at: Element | null = from; at && at !== document.body; at = at.parentElement) {
      if (getComputedStyle(at).overflowX === 'visible') continue
      const edge = at.getBoundingClientRect()
      left = Math.max(left, edge.left)
      right = Math.min(right, edge.right)
      top = Math.max(top, edge.top)
      bottom = Math.min(bottom, edge.bottom)
    }
    return right - left > 1 && bottom - top > 1
      ? new DOMRect(left, top, right - left, bottom - top)
      : undefined
  }
}

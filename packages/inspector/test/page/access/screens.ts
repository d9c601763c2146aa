import type { Locator, Page } from 'playwright-core'

export interface Screen {
  readonly query?: string
  readonly act?: (page: Page) => Promise<void>
  /** Returns an element that is visible at each width after `act`. */
  readonly seen: (page: Page) => Locator
}

const button =
  (name: string) =>
  (page: Page): Locator =>
    page.getByRole('button', { name })
const search =
  (text: string) =>
  (page: Page): Promise<void> =>
    page.getByRole('combobox', { name: 'Search' }).pressSequentially(text)
const suggestions = (page: Page): Locator => page.locator('#suggestions').getByRole('option')
const DEAD = '?screen=list&q=state:dead&open=first'

export const SCREENS: Readonly<Record<string, Screen>> = {
  health: { seen: (page) => page.locator('.chart') },
  'charts as tables': {
    async act(page) {
      await button('table')(page).nth(2).waitFor()
      for (const one of await button('table')(page).all()) await one.click()
    },
    seen: (page) => page.locator('.charts table').nth(2),
  },
  'a handler': {
    act: (page) => button('stripe › mail')(page).click(),
    seen: (page) => page.getByRole('button', { name: 'stripe › mail', expanded: true }),
  },
  'a question first': {
    act: (page) => button('Run again…')(page).click(),
    seen: (page) => page.getByText(/Run 1 task again/),
  },
  actions: {
    query: '?screen=actions',
    seen: (page) => page.getByRole('heading', { name: 'Actions' }),
  },
  list: { query: '?screen=list', seen: (page) => page.locator('[data-id]') },
  suggestions: {
    query: '?screen=list',
    async act(page) {
      await search('state:')(page)
      await suggestions(page).first().waitFor()
      await page.keyboard.press('ArrowDown')
    },
    seen: suggestions,
  },
  'nothing found': {
    query: '?screen=list&q=nobody',
    seen: (page) => page.getByText('No delivery'),
  },
  'names of payloads': { query: '?screen=list', act: search('payload.'), seen: suggestions },
  'a wrong search': {
    query: '?screen=list&q=state:well',
    seen: (page) => page.getByText('state must be one of'),
  },
  attempts: { query: DEAD, seen: (page) => page.getByRole('tabpanel').getByText('SMTP') },
  payload: { query: `${DEAD}&tab=payload`, seen: (page) => page.getByRole('tree') },
  headers: { query: `${DEAD}&tab=headers`, seen: (page) => page.getByText('content-type') },
  duplicate: {
    query: '?screen=list&q=outcome:duplicate&open=first',
    seen: (page) => page.getByText('repeats the delivery'),
  },
  raw: {
    query: `${DEAD}&tab=raw`,
    act: (page) => button('Hex')(page).click(),
    seen: (page) => page.getByRole('button', { name: 'Hex', pressed: true }),
  },
  reply: { query: `${DEAD}&tab=reply`, seen: (page) => page.getByText('after') },
  'run again': {
    query: DEAD,
    act: (page) => page.locator('.actions').getByRole('button', { name: 'Run again' }).click(),
    seen: button('Run 1 task'),
  },
  edit: {
    query: DEAD,
    act: (page) => button('Edit and run')(page).click(),
    seen: (page) => page.getByRole('textbox', { name: 'Payload' }),
  },
  explain: {
    query: '?screen=list&q=outcome:rejected&open=first',
    seen: (page) => page.getByText(/^Proven/),
  },
  keys: {
    query: '?screen=list',
    async act(page) {
      await page.locator('[data-id]').first().waitFor()
      await page.keyboard.press('?')
    },
    seen: (page) => page.getByRole('dialog'),
  },
}

import type { ChartRange } from '../../src/api/charts.ts'
import { quoted } from '../../src/search/tokens.ts'
import { createPageValue, useStore, type PageValue } from './store.ts'

type PageScreen = 'health' | 'list' | 'actions'

/** What the page shows now. All its parts are in the query of the URL, so that each view has a link. */
export interface PageRoute {
  readonly screen: PageScreen
  readonly range: ChartRange
  /** A receiver's name; empty for all. */
  readonly receiver: string
  /** The search of the list. */
  readonly q: string
  /** Id of the row that is open next to the list; `first` opens the newest row. */
  readonly open: string
  readonly tab: string
}

export const RANGES: readonly ChartRange[] = ['15m', '1h', '6h', '24h', '7d', '30d']

const SCREENS: readonly PageScreen[] = ['list', 'actions']

const DEFAULTS: PageRoute = {
  screen: 'health',
  range: '24h',
  receiver: '',
  q: '',
  open: '',
  tab: '',
}

function parse(search: string): PageRoute {
  const query = new URLSearchParams(search)
  const range = query.get('range') as ChartRange
  return {
    screen: SCREENS.find((one) => one === query.get('screen')) ?? 'health',
    range: RANGES.includes(range) ? range : DEFAULTS.range,
    receiver: query.get('receiver') ?? '',
    q: query.get('q') ?? '',
    open: query.get('open') ?? '',
    tab: query.get('tab') ?? '',
  }
}

const route: PageValue<PageRoute> = createPageValue(parse(location.search))
addEventListener('popstate', () => route.set(parse(location.search)))

export function useRoute(): PageRoute {
  return useStore(route)
}

export function currentRoute(): PageRoute {
  return route.get()
}

/**
 * Returns the link to a view. If `to` has no range or no receiver, the link has the current one. All other parts that
 * `to` does not set get their defaults.
 */
export function href(to: Partial<PageRoute>): string {
  const { range, receiver } = route.get()
  return search({ ...DEFAULTS, range, receiver, ...to })
}

/** Returns the link to the current view with the changes of `change`. */
export function hrefHere(change: Partial<PageRoute>): string {
  return search({ ...route.get(), ...change })
}

function search(to: PageRoute): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(to))
    if (value !== DEFAULTS[name as keyof PageRoute]) query.set(name, value as string)
  // A colon, a slash and a star need no escape in a query. Unescaped, people can read the qualifiers.
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2A', '*')
  return `?${text}`
}

/** Opens a link that `href` made. `replace` adds no step to the history. */
export function go(link: string, replace = false): void {
  const url = link === '?' ? location.pathname : link
  if (replace) history.replaceState(null, '', url)
  else if (link !== (location.search || '?')) {
    history.replaceState({ left: link }, '')
    history.pushState(null, '', url)
  }
  route.set(parse(link))
}

/** Returns the link by which the reader left this view, if the reader has come back to the view. */
export function linkLeftBy(): string | undefined {
  return (history.state as { readonly left?: string } | null)?.left
}

/** Handles clicks on links within the page, for `document`. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = (event.target as Element).closest('a')?.getAttribute('href')
  if (!link?.startsWith('?')) return
  event.preventDefault()
  go(link)
}

export function qualifier(name: string, value: string): string {
  return `${name}:${quoted(value)}`
}

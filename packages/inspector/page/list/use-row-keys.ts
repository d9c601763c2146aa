import type { ListRow } from '../../src/api/list.ts'
import type { RefObject } from 'preact'
import { useRef } from 'preact/hooks'
import { copyText } from '../data/copy.ts'
import { useKeys } from '../data/keys.ts'
import { currentRoute, go, hrefHere } from '../data/route.ts'

/** `j` and `k` go from row to row, and from detail to detail while one is open; `y` copies the id. */
export function useRowKeys(
  rows: readonly ListRow[] | undefined,
  scroller: RefObject<HTMLDivElement | null>,
  height: number,
): void {
  // Where the focus goes with the next frame: keys may come faster.
  const aim = useRef<string | undefined>(undefined)
  // The row that a key went to last: when the row is drawn again, the body gets its focus.
  const last = useRef<string | undefined>(undefined)
  const focused = (): string | undefined =>
    document.activeElement === document.body
      ? last.current
      : (document.activeElement?.closest('[data-id]') as HTMLElement | null)?.dataset['id']
  const move = (by: number): void => {
    if (rows === undefined || rows.length === 0) return
    const { open } = currentRoute()
    const from = rows.findIndex(({ id }) => id === (aim.current ?? focused() ?? open))
    const to = Math.max(0, Math.min(rows.length - 1, from + by))
    const { id } = rows[to]!
    aim.current = last.current = id
    show(to)
    if (open !== '') go(hrefHere({ open: id, tab: '' }), true)
    // Rows beyond the edge are drawn after the scroll.
    requestAnimationFrame(() => requestAnimationFrame(() => focus(id)))
  }
  const show = (at: number): void => {
    const element = scroller.current
    if (element === null) return
    const head = height
    const top = at * height
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + height + head > element.scrollTop + element.clientHeight)
      element.scrollTop = top + height + head - element.clientHeight
  }
  const focus = (id: string): void => {
    aim.current = undefined
    const row = scroller.current?.querySelector(`[data-id=${CSS.escape(id)}]`)
    row?.querySelector('a')?.focus({ preventScroll: true })
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    // Pressed before the focus has come: the link that still has it would be followed.
    get Enter() {
      const { current } = aim
      return current === undefined ? undefined : () => go(hrefHere({ open: current, tab: '' }))
    },
    y: () => {
      const row = rows?.find(({ id }) => id === (aim.current ?? focused() ?? currentRoute().open))
      if (row !== undefined) void copyText(row.eventId ?? row.id.replace(/^\w+:/, ''), 'id')
    },
  })
}

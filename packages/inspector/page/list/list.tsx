import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useKeys } from '../data/keys.ts'
import { go, href, hrefHere, useRoute } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { Skeleton } from '../parts/skeleton.tsx'
import { Bulk } from './bulk.tsx'
import { EmptyList, ListEnd } from './list-end.tsx'
import { Quick } from './quick.tsx'
import { Rows, useRowHeight } from './rows.tsx'
import { Search } from './search.tsx'
import { useList } from './use-list.ts'
import { useRowKeys } from './use-row-keys.ts'

/** The list of deliveries, or of tasks: search, rows, and what can be done to all of them. */
export function List({ isHidden }: { isHidden: boolean }): JSX.Element {
  const { q, receiver, open } = useRoute()
  const { name } = useStatus()
  const scroller = useRef<HTMLDivElement>(null)
  const height = useRowHeight()
  const list = useList(q, receiver, () => {
    const element = scroller.current
    const top = Math.floor((element?.scrollTop ?? 0) / height)
    return { top, isStill: isHidden || top > 0 }
  })
  const { loaded } = list
  const problem = list.reply?.problem ?? list.failure?.message
  useRowKeys(loaded?.rows, scroller, height)
  useKeys({ Escape: () => open !== '' && go(hrefHere({ open: '', tab: '' })) })

  useEffect(() => {
    if (open === '') document.title = `Deliveries${q === '' ? '' : ` · ${q}`} · ${name}`
  }, [open, q, name])
  useEffect(() => {
    if (open === 'first' && loaded !== undefined && !list.isSlow)
      go(hrefHere({ open: loaded.rows[0]?.id ?? '' }), true)
  }, [open, loaded])
  useEffect(() => scroller.current?.scrollTo(0, 0), [q, receiver])

  const search = (next: string, isTyping: boolean): void =>
    go(href({ screen: 'list', q: next }), isTyping)
  const scroll = (): void => {
    const element = scroller.current!
    const isNear = element.scrollTop + element.clientHeight * 2 > element.scrollHeight
    if (isNear && loaded?.cursor !== undefined && loaded.searchedTo === undefined) list.loadMore()
  }

  return (
    <div class="list" inert={isHidden}>
      <div class="list-head">
        <Search q={q} problem={problem} search={search} />
        <Quick />
        <Bulk reply={list.reply} hasRows={(loaded?.rows.length ?? 0) > 0} />
      </div>
      <div class="scroller" ref={scroller} onScroll={scroll}>
        {/* Without height: nothing moves when the button comes. */}
        <div class="newer-place">
          {loaded !== undefined && (loaded.fresh > 0 || loaded.gone.size > 0) && (
            <button
              type="button"
              class="newer"
              onClick={() => {
                scroller.current?.scrollTo(0, 0)
                list.showNew()
              }}
            >
              {newer(loaded.fresh, loaded.gone.size)}
            </button>
          )}
        </div>
        {loaded !== undefined && loaded.rows.length > 0 && (
          <Rows loaded={loaded} scroller={scroller} isComplete={loaded.cursor === undefined} />
        )}
        {list.isSlow && <Skeleton lines={14} what="deliveries" />}
        {loaded !== undefined && !list.isSlow && loaded.rows.length === 0 && !problem && (
          <EmptyList q={q} hasMore={loaded.cursor !== undefined} />
        )}
        {loaded !== undefined && <ListEnd loaded={loaded} list={list} />}
      </div>
    </div>
  )
}

function newer(fresh: number, gone: number): string {
  const parts = [
    ...(fresh > 0 ? [`${fresh >= 100 ? '100 or more' : fresh} new`] : []),
    ...(gone > 0 ? [`${gone} no longer here`] : []),
  ]
  return parts.join(', ')
}

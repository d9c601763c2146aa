import type { JSX } from 'preact'
import { Button } from '../parts/button.tsx'
import { wordsOf } from '../../src/search/tokens.ts'
import { href, useRoute } from '../data/route.ts'
import { Samples } from '../parts/samples.tsx'
import { count } from '../words/count.ts'
import { clock } from '../words/time.ts'
import type { Loaded } from './loaded.ts'
import type { List } from './use-list.ts'

/** The end of the list: how far the search looked, and a button to continue. */
export function ListEnd({ loaded, list }: { loaded: Loaded; list: List }): JSX.Element | null {
  const { cursor, searchedTo, rows } = loaded
  const places = foundIn(rows)
  if (cursor === undefined)
    return rows.length > 0 ? <p class="list-end">{places}These are all.</p> : null
  return (
    <p class="list-end">
      {places}
      {searchedTo !== undefined && <>Looked back to {clock(searchedTo)}. </>}
      <Button disabled={list.isLoadingMore} onClick={list.loadMore}>
        {list.isLoadingMore ? 'Looking …' : searchedTo === undefined ? 'Show more' : 'Look further'}
      </Button>
    </p>
  )
}

/** Describes how many rows matched in which part, such as `3 by id or topic, 7 by error, 0 by payload. ` */
function foundIn(rows: Loaded['rows']): string {
  if (!rows.some(({ by }) => by !== undefined)) return ''
  const of = (place: string): string => count(rows.filter(({ by }) => by === place).length)
  return `${of('id')} by id or topic, ${of('error')} by error, ${of('payload')} by payload so far. `
}

/** Shown for a list without rows: says why it is empty. */
export function EmptyList({ q, hasMore }: { q: string; hasMore: boolean }): JSX.Element {
  const { receiver } = useRoute()
  if (hasMore) return <p class="empty">Nothing was found so far.</p>
  if (q !== '' || receiver !== '')
    return (
      <p class="empty">
        No delivery matches
        {q !== '' &&
          !wordsOf(q).some(isQualifier) &&
          ': no id, topic, error or payload has it'}.{' '}
        <a href={href({ screen: 'list', receiver: '' })}>Show all</a>
      </p>
    )
  return (
    <div class="empty">
      <p>No deliveries yet. They appear here as they arrive.</p>
      <Samples />
    </div>
  )
}

function isQualifier(word: string): boolean {
  return /^-?[a-z]+[.:]/i.test(word)
}

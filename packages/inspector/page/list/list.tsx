import type { JSX, RefObject } from 'preact'
import { Button, QuietButton } from '../parts/button.tsx'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useKeys } from '../data/keys.ts'
import { go, href, hrefHere, useRoute, currentRoute } from '../data/route.ts'
import { useStatus } from '../data/status.ts'
import { Sign } from '../parts/mark.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { EmptyList, ListEnd } from './list-end.tsx'
import { Rows, useRowHeight } from './rows.tsx'
import { useList } from './use-list.ts'
import { wordsOf, lastWord } from '../../src/search/tokens.ts'
import { toggled, withLastWord } from './query.ts'
import type { ListRow, SuggestReply } from '../../src/api/list.ts'
import { copyText } from '../data/copy.ts'
import { ask, url } from '../data/ask.ts'
import { Bulk, useChosen } from './chosen.tsx'
import { head, safe } from '../words/safe.ts'

export function List({ isHidden }: { isHidden: boolean }): JSX.Element {
  const { q, receiver, open } = useRoute()
  const { name } = useStatus()
  const scroller = useRef<HTMLDivElement>(null)
  const height = useRowHeight()
  const list = useList(q, receiver, () => {
    const element = scroller.current
    const top = Math.floor((element?.scrollTop ?? 0) / height)
    // Rows must not move while the pointer is over the list, or while a delivery is open next to the list.
    const isUsed = currentRoute().open !== '' || element?.matches(':hover') === true
    return { top, isStill: isHidden || top > 0 || isUsed }
  })
  const { loaded } = list
  const problem = list.reply?.problem ?? list.failure?.message
  const chosen = useChosen(`${receiver} ${q}`, loaded)
  useRowKeys(loaded?.rows, scroller, height, chosen.toggle)
  useKeys({
    Escape: () => (open === '' ? chosen.clear() : go(hrefHere({ open: '', tab: '' }))),
  })

  useEffect(() => {
    if (open === '') document.title = `Deliveries${q === '' ? '' : ` · ${q}`} · ${name}`
  }, [open, q, name])
  useEffect(() => {
    if (open === 'first' && loaded !== undefined && !list.isSlow)
      go(hrefHere({ open: loaded.rows[0]?.id ?? '' }), true)
  }, [open, loaded])
  useEffect(() => scroller.current?.scrollTo(0, 0), [q, receiver])

  const search = (next: string, isTyping: boolean): void => {
    // The search that the reader typed may have run already. Running it again would close a detail that the reader has
    // opened since.
    if (!isTyping || next !== currentRoute().q) go(href({ screen: 'list', q: next }), isTyping)
  }
  const scroll = (): void => {
    const element = scroller.current!
    const isNear = element.scrollTop + element.clientHeight * 2 > element.scrollHeight
    if (isNear && loaded?.cursor !== undefined && loaded.searchedTo === undefined) list.loadMore()
  }

  return (
    <div class="list" id="list" inert={isHidden}>
      <div class="list-head">
        <Search q={q} problem={problem} meant={list.reply?.meant} search={search} />
        <Quick hasFile={loaded !== undefined && loaded.rows.length > 0 && !problem} />
        <Bulk reply={list.reply} loaded={loaded} chosen={chosen} />
      </div>
      <div class="scroller" ref={scroller} onScroll={scroll}>
        {/* This element has no height, so that nothing moves when the button appears. */}
        <div class="newer-place">
          {loaded !== undefined && (loaded.fresh > 0 || loaded.gone.size > 0) && (
            <Button
              class="newer"
              onClick={() => {
                scroller.current?.scrollTo(0, 0)
                list.showNew()
              }}
            >
              {newer(loaded.fresh, loaded.gone.size)}
            </Button>
          )}
        </div>
        {loaded !== undefined && loaded.rows.length > 0 && (
          <Rows
            loaded={loaded}
            chosen={chosen}
            scroller={scroller}
            isComplete={loaded.cursor === undefined}
          />
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

const QUICK = [
  ['✕', 'bad', 'dead', 'state:dead'],
  ['○', 'calm', 'waiting', 'state:pending'],
  ['⊘', 'warn', 'rejected', 'outcome:rejected'],
  ['', 'calm', 'last hour', 'since:1h'],
  ['', 'calm', 'last day', 'since:24h'],
] as const

/** The most frequent filters, one click each. The search line shows how the filters are written. */
function Quick({ hasFile }: { hasFile: boolean }): JSX.Element {
  const { q, receiver } = useRoute()
  const words = wordsOf(q)
  return (
    <ul class="quick" aria-label="Filters">
      {QUICK.map(([sign, tone, word, qualifier]) => (
        <li key={qualifier}>
          <a
            href={href({ screen: 'list', q: toggled(q, qualifier) })}
            aria-current={words.includes(qualifier) ? 'true' : undefined}
          >
            {sign !== '' && <Sign tone={tone}>{sign}</Sign>}
            {word}
          </a>
        </li>
      ))}
      {hasFile && (
        <li class="files">
          {(['csv', 'ndjson'] as const).map((as) => (
            <a
              key={as}
              href={url('download', { as, q, receiver })}
              download
              title="At most the newest 10,000 rows"
            >
              Download {as.toUpperCase()}
            </a>
          ))}
        </li>
      )}
    </ul>
  )
}

/**
 * Handles the keys of rows. `j` and `k` go to the next and the previous row. If a detail is open, they go to the next
 * and the previous detail. `y` copies the id of a row, `x` chooses the row.
 */
function useRowKeys(
  rows: readonly ListRow[] | undefined,
  scroller: RefObject<HTMLDivElement | null>,
  height: number,
  choose: (id: string, isRange: boolean) => void,
): void {
  // Id of the row that gets the focus in the next frame. The reader may press another key before that frame.
  const aim = useRef<string | undefined>(undefined)
  // Id of the row that got the focus last. If that row is rendered again, the browser moves the focus to the body.
  const last = useRef<string | undefined>(undefined)
  const focused = (): string | undefined =>
    document.activeElement === document.body
      ? last.current
      : (document.activeElement?.closest('[data-id]') as HTMLElement | null)?.dataset['id']
  const move = (by: number): void => {
    if (rows === undefined || rows.length === 0) return
    const { open } = currentRoute()
    const from = rows.findIndex(({ id }) => id === current())
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
    // Another key has chosen another row since. That row gets the focus in a later frame.
    if (aim.current !== id) return
    aim.current = undefined
    const row = scroller.current?.querySelector(`[data-id=${CSS.escape(id)}]`)
    row?.querySelector('a')?.focus({ preventScroll: true })
  }
  const current = (): string | undefined => aim.current ?? focused() ?? currentRoute().open
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    // The browser follows a focused link. If the focus is not yet in the chosen row, or has moved to the body, this
    // handler opens the row.
    get Enter() {
      const isLost = document.activeElement === document.body
      const open = aim.current ?? (isLost ? last.current : undefined)
      return open === undefined ? undefined : () => go(hrefHere({ open, tab: '' }))
    },
    x: () => choose(current() ?? '', false),
    X: () => choose(current() ?? '', true),
    y: () => {
      const row = rows?.find(({ id }) => id === current())
      if (row !== undefined) void copyText(row.eventId ?? row.id.replace(/^\w+:/, ''), 'id')
    },
  })
}

const SUGGEST_AFTER = 120
const SEARCH_AFTER = 350

type Suggestions = SuggestReply['suggestions']

/** The search line: qualifiers and text, with suggestions as the reader types. */
function Search({
  q,
  problem,
  meant,
  search,
}: {
  q: string
  problem: string | undefined
  meant: string | undefined
  search: (q: string, isTyping: boolean) => void
}): JSX.Element {
  const [text, setText] = useState(q)
  const [suggestions, setSuggestions] = useState<Suggestions>([])
  const [chosen, setChosen] = useState(-1)
  const field = useRef<HTMLInputElement>(null)
  const sent = useRef(q)
  useKeys({ '/': () => field.current?.select() })

  // If a link or a step back has changed the search, shows the new search in the field.
  useEffect(() => {
    if (q === sent.current) return
    sent.current = q
    setText(q)
  }, [q])

  useEffect(() => {
    if (text.trim() === sent.current) return
    const timer = setTimeout(() => send(text, true), SEARCH_AFTER)
    return () => clearTimeout(timer)
  }, [text])

  const send = (value: string, isTyping: boolean): void => {
    sent.current = value.trim()
    search(value.trim(), isTyping)
  }
  const close = (): void => {
    setSuggestions([])
    setChosen(-1)
  }
  const [wanted, setWanted] = useState<string | undefined>()
  useEffect(() => {
    if (wanted === undefined) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      ask<SuggestReply>('suggest', { q: wanted }, stop.signal).then(
        (reply) => {
          setSuggestions(reply.suggestions.filter(({ insert }) => insert !== lastWord(wanted)))
          setChosen(-1)
        },
        () => close(),
      )
    }, SUGGEST_AFTER)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [wanted])

  const type = (value: string): void => {
    setText(value)
    setWanted(value)
  }
  const take = (insert: string): void => {
    const isWhole = !/[:.]$/.test(insert)
    const next = withLastWord(text, insert) + (isWhole ? ' ' : '')
    setText(next)
    if (isWhole) {
      send(next, false)
      setWanted(undefined)
      close()
    } else setWanted(next)
    field.current?.focus()
  }
  const press = (event: KeyboardEvent): void => {
    const last = suggestions.length - 1
    if (event.key === 'ArrowDown' && last >= 0) setChosen(chosen >= last ? 0 : chosen + 1)
    else if (event.key === 'ArrowDown') setWanted(text)
    else if (event.key === 'ArrowUp' && last >= 0) setChosen(chosen <= 0 ? last : chosen - 1)
    else if (event.key === 'Tab' && chosen >= 0 && !event.shiftKey)
      take(suggestions[chosen]!.insert)
    else if (event.key === 'Enter' && chosen >= 0) take(suggestions[chosen]!.insert)
    else if (event.key === 'Enter') {
      send(text, false)
      setWanted(undefined)
      close()
    } else if (event.key === 'Escape' && last >= 0) close()
    else if (event.key === 'Escape') field.current?.blur()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const isOpen = suggestions.length > 0
  return (
    <search class="search">
      <input
        ref={field}
        type="text"
        role="combobox"
        aria-label="Search deliveries"
        aria-expanded={isOpen}
        aria-controls="suggestions"
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `suggestion-${chosen}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : 'problem'}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        enterkeyhint="search"
        placeholder="an id, a word of an error or payload, or state:dead since:2h"
        value={text}
        onInput={(event) => type(event.currentTarget.value)}
        onFocus={() => text === '' && setWanted('')}
        onClick={() => text === '' && setWanted('')}
        onKeyDown={press}
        onBlur={() => {
          setWanted(undefined)
          close()
        }}
      />
      {text !== '' && (
        <QuietButton
          onClick={() => {
            setText('')
            send('', false)
            field.current?.focus()
          }}
        >
          clear
        </QuietButton>
      )}
      <ul id="suggestions" role="listbox" aria-label="Suggestions" hidden={!isOpen}>
        {suggestions.map(({ insert, note }, at) => (
          <li
            key={insert}
            id={`suggestion-${at}`}
            role="option"
            aria-selected={at === chosen}
            // On pointer down: when the field loses its focus, the list closes before a click.
            onPointerDown={(event) => {
              event.preventDefault()
              take(insert)
            }}
          >
            <code>{safe(insert)}</code>
            {note !== undefined && <span class="muted">{safe(note)}</span>}
          </li>
        ))}
      </ul>
      {problem !== undefined && (
        <p id="problem" class="problem" role="status">
          {safe(problem)}
          {meant !== undefined && (
            <>
              {' '}
              <Button
                onClick={() => {
                  setText(meant)
                  send(meant, false)
                  field.current?.focus()
                }}
              >
                Search for {safe(head(meant, 100))}
              </Button>
            </>
          )}
        </p>
      )}
    </search>
  )
}

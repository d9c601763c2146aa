import type { SuggestReply } from '../../src/api/list.ts'
import { lastWord } from '../../src/search/tokens.ts'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask } from '../data/ask.ts'
import { useKeys } from '../data/keys.ts'
import { safe } from '../words/safe.ts'
import { withLastWord } from './query.ts'

const SUGGEST_AFTER = 120
const SEARCH_AFTER = 350

type Suggestions = SuggestReply['suggestions']

/** The search line: qualifiers and text, with suggestions as the reader types. */
export function Search({
  q,
  problem,
  search,
}: {
  q: string
  problem: string | undefined
  search: (q: string, isTyping: boolean) => void
}): JSX.Element {
  const [text, setText] = useState(q)
  const [suggestions, setSuggestions] = useState<Suggestions>([])
  const [chosen, setChosen] = useState(-1)
  const field = useRef<HTMLInputElement>(null)
  const sent = useRef(q)
  useKeys({ '/': () => field.current?.select() })

  // The search changed elsewhere: a link, a step back.
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
        <button
          type="button"
          class="quiet"
          onClick={() => {
            setText('')
            send('', false)
            field.current?.focus()
          }}
        >
          clear
        </button>
      )}
      <ul id="suggestions" role="listbox" aria-label="Suggestions" hidden={!isOpen}>
        {suggestions.map(({ insert, note }, at) => (
          <li
            key={insert}
            id={`suggestion-${at}`}
            role="option"
            aria-selected={at === chosen}
            // Before the field loses its focus, which closes the list.
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
        </p>
      )}
    </search>
  )
}

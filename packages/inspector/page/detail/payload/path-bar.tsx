import type { JSX } from 'preact'
import { payloadPath } from '../../../src/search/tokens.ts'
import { copyText } from '../../data/copy.ts'
import { href, qualifier } from '../../data/route.ts'
import { count } from '../../words/count.ts'
import { head, safe } from '../../words/safe.ts'
import { LongNumber, hasParts } from './parse.ts'
import { pathText, type PayloadLine } from './tree.ts'
import { valueToCopy } from './value.tsx'

/** Search in the tree, and what can be done with the line that is chosen. Its height never changes. */
export function PathBar({
  line,
  words,
  found,
  hit,
  search,
  next,
}: {
  line: PayloadLine
  words: string
  found: number
  hit: number
  search: (words: string) => void
  next: (by: number) => void
}): JSX.Element {
  const path = pathText(line.path)
  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    next(event.shiftKey ? -1 : 1)
  }
  return (
    <div class="path-bar">
      <input
        type="search"
        aria-label="Search in the payload"
        placeholder="search names and values"
        value={words}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={press}
      />
      <span class="found" role="status">
        {words.trim() !== '' && (found === 0 ? 'none' : `${count(hit + 1)} of ${count(found)}`)}
      </span>
      <code class="path" title={safe(path.slice(0, 400))}>
        {safe(head(path, 120))}
      </code>
      <button type="button" onClick={() => void copyText(path, 'path')}>
        Copy path
      </button>
      <button type="button" onClick={() => void copyText(valueToCopy(line.value), 'value', true)}>
        Copy value
      </button>
      <SameValue line={line} />
    </div>
  )
}

// Characters of a value that a link has room for.
const LONGEST = 1000

/** The list of deliveries with the same value there; in an array, at any place. */
function SameValue({ line }: { line: PayloadLine }): JSX.Element | null {
  const { path, value } = line
  const name = payloadPath(path.filter((part) => typeof part === 'string'))
  if (name === undefined || hasParts(value)) return null
  const text = value instanceof LongNumber ? value.text : String(value)
  if (text.length > LONGEST) return null
  return (
    <a
      class="button"
      href={href({ screen: 'list', q: qualifier(name, text) })}
      title="Deliveries with this value"
    >
      Find all with this
    </a>
  )
}

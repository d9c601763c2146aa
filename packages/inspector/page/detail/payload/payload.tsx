import type { JSX } from 'preact'
import { Button } from '../../parts/button.tsx'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import {
  hasParts,
  parsePayload,
  type ParsedValue,
  LongNumber,
  valueParts,
  sizeOf,
} from './parse.ts'
import { count } from '../../words/count.ts'
import { safe, head } from '../../words/safe.ts'
import { ValueText, valueToCopy } from './value.tsx'
import { payloadPath } from '../../../src/search/tokens.ts'
import { copyText } from '../../data/copy.ts'
import { href, qualifier } from '../../data/route.ts'
import { useStore } from '../../data/store.ts'
import { shownFields, showField } from '../../data/stored.ts'
import type { ListRow } from '../../../src/api/list.ts'

/** Place of a value in the payload: names and array positions, from the root inward. */
type Path = readonly (string | number)[]

/** The payload as a tree, with arrow keys, a search, and buttons for paths and values. */
export function Payload({ text, row }: { text: string; row: ListRow }): JSX.Element {
  const root = useMemo(() => parsePayload(text), [text])
  if (root === undefined) return <p class="empty">The payload is not JSON: see Raw.</p>
  return <Tree key={text} root={root} row={row} />
}

function Tree({ root, row }: { root: ParsedValue; row: ListRow }): JSX.Element {
  const [opened, setOpened] = useState<OpenedLines>(() => ({
    open: openAtFirst(root),
    shown: new Map(),
  }))
  const [chosen, setChosen] = useState('[]')
  const [words, setWords] = useState('')
  const [hit, setHit] = useState(0)
  const tree = useRef<HTMLDivElement>(null)
  const follows = useRef(false)
  const lines = useMemo(() => linesOf(root, opened), [root, opened])
  const hits = useMemo(
    () => (words.trim() === '' ? [] : findPaths(root, words.trim())),
    [root, words],
  )
  const hitKeys = useMemo(() => new Set(hits.map((path) => JSON.stringify(path))), [hits])
  const at = Math.max(
    0,
    lines.findIndex(({ key }) => key === chosen),
  )
  const line = lines[at]!

  const choose = (next: PayloadLine | undefined, isFocused = true): void => {
    if (next === undefined) return
    setChosen(next.key)
    follows.current = isFocused
  }
  const toggle = ({ key, isOpen, value, rest }: PayloadLine): void => {
    if (rest !== undefined) {
      const owner = key.slice(0, -' rest'.length)
      const shown = new Map(opened.shown).set(owner, (opened.shown.get(owner) ?? STEP) + STEP)
      setOpened({ ...opened, shown })
    } else if (hasParts(value)) {
      const open = new Set(opened.open)
      if (isOpen) open.delete(key)
      else open.add(key)
      setOpened({ ...opened, open })
    }
  }
  const goToHit = (next: number): void => {
    const path = hits[next]
    if (path === undefined) return
    setHit(next)
    setOpened(reveal(root, path, opened))
    setChosen(JSON.stringify(path))
  }
  // A layout effect moves the focus before the next frame, so a key pressed before that frame goes to the new line.
  useLayoutEffect(() => {
    if (follows.current) tree.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
    follows.current = false
  }, [chosen])
  useEffect(() => goToHit(0), [hits])
  useEffect(() => {
    if (words !== '')
      tree.current?.querySelector('[tabindex="0"]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen])

  const press = (event: KeyboardEvent): void => {
    const { key } = event
    if (key === 'ArrowDown') choose(lines[at + 1])
    else if (key === 'ArrowUp') choose(lines[at - 1])
    else if (key === 'Home') choose(lines[0])
    else if (key === 'End') choose(lines.at(-1))
    else if (key === 'ArrowRight') {
      if (line.isOpen) choose(lines[at + 1])
      else toggle(line)
    } else if (key === 'ArrowLeft') {
      if (line.isOpen && line.rest === undefined) toggle(line)
      else
        choose(
          lines.find(({ path }) => JSON.stringify(path) === JSON.stringify(line.path.slice(0, -1))),
        )
    } else if (key === 'Enter' || key === ' ') toggle(line)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <>
      <PathBar
        line={line}
        row={row}
        words={words}
        found={hits.length}
        hit={hit}
        search={setWords}
        next={(by) => goToHit((hit + by + hits.length) % Math.max(1, hits.length))}
      />
      <div ref={tree} role="tree" aria-label="Payload" class="tree" onKeyDown={press}>
        {lines.map((one, index) => (
          <TreeLine
            key={one.key}
            line={one}
            isChosen={index === at}
            isHit={hitKeys.has(one.key)}
            choose={() => {
              choose(one, false)
              toggle(one)
            }}
          />
        ))}
      </div>
    </>
  )
}

/** Maximum number of values that one search visits. With more, typing would be slow. */
const MOST = 200_000
const MOST_FOUND = 1000

/** Returns paths of values whose name or text contains the words, in the order of the tree. */
function findPaths(root: ParsedValue, words: string): readonly Path[] {
  const wanted = words.toLowerCase()
  const found: Path[] = []
  const stack: (readonly [path: Path, name: string, value: ParsedValue])[] = [[[], '', root]]
  let looked = 0
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (++looked > MOST || found.length >= MOST_FOUND) break
    const [path, name, value] = next
    const isHit = name.toLowerCase().includes(wanted) || plain(value).includes(wanted)
    if (isHit && path.length > 0) found.push(path)
    const parts = valueParts(value)
    for (let at = parts.length - 1; at >= 0; at--) {
      const [part, inner] = parts[at]!
      stack.push([[...path, part], typeof part === 'number' ? '' : part, inner])
    }
  }
  return found
}

function plain(value: ParsedValue): string {
  if (value instanceof LongNumber) return value.text
  return hasParts(value) ? '' : String(value).toLowerCase()
}

/** Opens all lines above a path, so that the line of the path is visible. */
function reveal(root: ParsedValue, path: Path, opened: OpenedLines): OpenedLines {
  const open = new Set(opened.open)
  const shown = new Map(opened.shown)
  let value: ParsedValue | undefined = root
  for (const [depth, name] of path.entries()) {
    const key = lineKey(path.slice(0, depth))
    open.add(key)
    const parts = valueParts(value!)
    const at = parts.findIndex(([part]) => part === name)
    if (at >= (shown.get(key) ?? STEP)) shown.set(key, (Math.floor(at / STEP) + 1) * STEP)
    value = parts[at]?.[1]
    if (value === undefined) break
  }
  return { open, shown }
}

/** Maximum indentation, in levels. Deeper lines would not fit on the page. */
const DEEPEST = 24

function TreeLine({
  line,
  isChosen,
  isHit,
  choose,
}: {
  line: PayloadLine
  isChosen: boolean
  isHit: boolean
  choose: () => void
}): JSX.Element {
  const { path, name, value, isOpen, at, of, rest } = line
  const depth = rest === undefined ? path.length : path.length + 1
  const folds = rest === undefined && hasParts(value)
  return (
    <div
      role="treeitem"
      class={`line${isChosen ? ' chosen' : ''}${isHit ? ' hit' : ''}`}
      style={{ paddingLeft: `${Math.min(depth, DEEPEST) * 16 + 20}px` }}
      tabIndex={isChosen ? 0 : -1}
      aria-level={depth + 1}
      aria-setsize={of}
      aria-posinset={at}
      aria-expanded={folds ? isOpen : undefined}
      aria-selected={isChosen}
      onClick={choose}
    >
      {folds && (
        <span class="fold-sign" aria-hidden="true">
          {isOpen ? '▾' : '▸'}
        </span>
      )}
      {rest !== undefined ? (
        <span class="more">
          show {count(Math.min(STEP, rest))} more of {count(rest)}
        </span>
      ) : (
        <>
          {depth > DEEPEST && <span class="muted">{depth} levels in · </span>}
          {name !== undefined && (
            <>
              <span class={typeof name === 'number' ? 'index' : 'name'}>
                <bdi>{typeof name === 'number' ? name : safe(name.slice(0, 200))}</bdi>
              </span>
              <span class="muted">: </span>
            </>
          )}
          <ValueText value={value} isOpen={isOpen} />
        </>
      )}
    </div>
  )
}

/** A bar above the tree: the search, and actions on the chosen line. The height of the bar never changes. */
function PathBar({
  line,
  row,
  words,
  found,
  hit,
  search,
  next,
}: {
  line: PayloadLine
  row: ListRow
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
      <Button onClick={() => void copyText(path, 'path')}>Copy path</Button>
      <Button onClick={() => void copyText(valueToCopy(line.value), 'value', true)}>
        Copy value
      </Button>
      <SameValue line={line} />
      <InLists line={line} row={row} />
    </div>
  )
}

// Maximum length of a value in a link, in characters.
const LONGEST = 1000

/** A link to the deliveries with the same value at this path. In an array, the value may be at any position. */
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

/** A button that shows this payload field in lists, for all deliveries of this topic. */
function InLists({ line, row }: { line: PayloadLine; row: ListRow }): JSX.Element | null {
  const { provider, topic } = row
  const fields = useStore(shownFields)
  const names = line.path.filter((part) => typeof part === 'string')
  const path = payloadPath(names)?.slice('payload.'.length)
  if (path === undefined || path.length > LONGEST_PATH || topic === undefined) return null
  if (hasParts(line.value)) return null
  const isShown = fields.some((one) => one.join('\n') === [provider, topic, path].join('\n'))
  return (
    <Button
      aria-pressed={isShown}
      title={`The list shows this value for ${safe(head(topic, 60))}`}
      onClick={() => showField(provider, topic, isShown ? undefined : path)}
    >
      Show in lists
    </Button>
  )
}

const LONGEST_PATH = 200

/** Number of parts of one value that are shown before the reader asks for more. */
const STEP = 100

interface PayloadLine {
  readonly path: Path
  /** The path as one string, unique in the tree. */
  readonly key: string
  readonly name: string | number | undefined
  readonly value: ParsedValue
  readonly isOpen: boolean
  /** `at` is the position of the line among its siblings, from 1. `of` is the number of siblings. */
  readonly at: number
  readonly of: number
  /** Number of parts of `path` that are not shown yet. Set only for a line that shows this number and not a value. */
  readonly rest?: number
}

/** Keys of the open lines. `shown` has the number of visible parts of a line, if this number is not {@link STEP}. */
interface OpenedLines {
  readonly open: ReadonlySet<string>
  readonly shown: ReadonlyMap<string, number>
}

function lineKey(path: Path): string {
  return JSON.stringify(path)
}

/** Returns the visible lines. The function is not recursive, since a payload can be deeper than the call stack. */
function linesOf(root: ParsedValue, { open, shown }: OpenedLines): readonly PayloadLine[] {
  const lines: PayloadLine[] = []
  const stack: PayloadLine[] = [lineOf([], undefined, root, open, 1, 1)]
  for (let line = stack.pop(); line !== undefined; line = stack.pop()) {
    lines.push(line)
    if (!line.isOpen || line.rest !== undefined) continue
    const size = sizeOf(line.value)
    const most = shown.get(line.key) ?? STEP
    const parts = valueParts(line.value).slice(0, most)
    if (size > most)
      stack.push({ ...line, key: `${line.key} rest`, rest: size - most, at: most + 1, of: size })
    for (let at = parts.length - 1; at >= 0; at--) {
      const [name, value] = parts[at]!
      stack.push(lineOf([...line.path, name], name, value, open, at + 1, size))
    }
  }
  return lines
}

function lineOf(
  path: Path,
  name: string | number | undefined,
  value: ParsedValue,
  open: ReadonlySet<string>,
  at: number,
  of: number,
): PayloadLine {
  const key = lineKey(path)
  return { path, key, name, value, isOpen: hasParts(value) && open.has(key), at, of }
}

/** Writes a path as code, such as `payload.items[0]["first name"]`. */
function pathText(path: Path): string {
  return path.reduce<string>((text, name) => {
    if (typeof name === 'number') return `${text}[${name}]`
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`
  }, 'payload')
}

/** Returns the keys of the lines to open at first: the outer levels, as long as at most `most` lines are visible. */
function openAtFirst(root: ParsedValue, most = 60): ReadonlySet<string> {
  const open = new Set<string>()
  let count = 1
  let level: readonly (readonly [path: Path, value: ParsedValue])[] = [[[], root]]
  while (level.length > 0) {
    const next: (readonly [Path, ParsedValue])[] = []
    for (const [path, value] of level) {
      if (!hasParts(value)) continue
      const size = Math.min(sizeOf(value), STEP)
      if (path.length > 0 && count + size > most) return open
      count += size
      open.add(lineKey(path))
      for (const [name, part] of valueParts(value).slice(0, STEP))
        next.push([[...path, name], part])
    }
    level = next
  }
  return open
}

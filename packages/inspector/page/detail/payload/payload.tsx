import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { findPaths, reveal } from './find.ts'
import { hasParts, parsePayload, type ParsedValue } from './parse.ts'
import { PathBar } from './path-bar.tsx'
import { STEP, linesOf, openAtFirst, type PayloadLine, type OpenedLines } from './tree.ts'
import { TreeLine } from './tree-line.tsx'

/** The payload as a tree: arrows walk it, a search finds names and values, paths are copied. */
export function Payload({ text }: { text: string }): JSX.Element {
  const root = useMemo(() => parsePayload(text), [text])
  if (root === undefined) return <p class="empty">The payload is not JSON: see Raw.</p>
  return <Tree key={text} root={root} />
}

function Tree({ root }: { root: ParsedValue }): JSX.Element {
  const [opened, setOpened] = useState<OpenedLines>(() => ({
    open: openAtFirst(root),
    shown: new Map(),
  }))
  const [chosen, setChosen] = useState('[]')
  const [words, setWords] = useState('')
  const [hit, setHit] = useState(0)
  const tree = useRef<HTMLDivElement>(null)
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
    if (isFocused)
      requestAnimationFrame(() =>
        tree.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus(),
      )
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

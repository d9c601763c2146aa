import { inertJson, inertText } from '@postern/core/inert'
import type { JSX } from 'preact'
import { counted } from '../../words/count.ts'
import { safe } from '../../words/safe.ts'
import { LongNumber, hasParts, sizeOf, type ParsedValue } from './parse.ts'

const MOST = 400

/** Shows a value on its line of the tree. A value is always text, never markup. */
export function ValueText({ value, isOpen }: { value: ParsedValue; isOpen: boolean }): JSX.Element {
  if (hasParts(value)) {
    const isArray = Array.isArray(value)
    const size = sizeOf(value)
    if (size === 0) return <span class="muted">{isArray ? '[]' : '{}'}</span>
    if (isOpen) return <span class="muted">{isArray ? '[' : '{'}</span>
    return (
      <span class="muted">
        {isArray ? `[ ${counted(size, 'item')} ]` : `{ ${counted(size, 'key')} }`}
      </span>
    )
  }
  if (typeof value === 'string') return <Text text={value} />
  if (value instanceof LongNumber) return <span class="number-value">{value.text}</span>
  return (
    <span class={typeof value === 'number' ? 'number-value' : 'word-value'}>{String(value)}</span>
  )
}

function Text({ text }: { text: string }): JSX.Element {
  return (
    <span class="text-value">
      "<bdi>{safe(text.slice(0, MOST))}</bdi>
      {text.length > MOST ? (
        <span class="muted">… {counted(text.length, 'character')}, copy to see all</span>
      ) : (
        '"'
      )}
    </span>
  )
}

/** Returns a value to copy, on one line that does nothing when it is pasted: strings as text, others as JSON. */
export function valueToCopy(value: ParsedValue): string {
  if (typeof value === 'string') return inertText(value)
  return inertJson(value, undefined, (_name, part) =>
    part instanceof LongNumber ? raw(part.text) : part,
  )
}

function raw(text: string): unknown {
  const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown }
  return rawJSON ? rawJSON(text) : text
}

import { useLayoutEffect, useState } from 'preact/hooks'

type KeyHandlers = Readonly<Record<string, ((event: KeyboardEvent) => void) | undefined>>

const layers: { current: KeyHandlers }[] = []
let isAfterG = false

/**
 * Handles keys while the component is shown. If several components handle a key, the one mounted last gets the key. `g
 * h` means `g`, then `h`.
 */
export function useKeys(handlers: KeyHandlers): void {
  // Adds the handlers in the first render. An effect would run after the paint, and miss a key pressed before it.
  const [layer] = useState(() => {
    const first = { current: handlers }
    layers.push(first)
    return first
  })
  layer.current = handlers
  useLayoutEffect(() => () => void layers.splice(layers.indexOf(layer), 1), [])
}

/** Handles `keydown` events of `document`. Keys in fields and dialogs, and keys with Ctrl, Alt or Meta, are ignored. */
export function takeKeys(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  const target = event.target as HTMLElement
  const isField = target.closest('input:not([type=checkbox]), textarea, select, dialog') !== null
  if (isField && event.key !== 'Escape') return
  if (document.querySelector('dialog[open]')) return
  const key = isAfterG ? `g ${event.key}` : event.key
  isAfterG = event.key === 'g' && !isAfterG
  for (const layer of layers.toReversed()) {
    const handler = layer.current[key]
    if (handler === undefined) continue
    event.preventDefault()
    handler(event)
    return
  }
}

const COUNT = Symbol.for('postern.bench.handled')
const host = globalThis as { [COUNT]?: number }

/** Counts an event that reached a handler. The count is on globalThis, because Next.js bundles routes separately. */
export function handled(): void {
  host[COUNT] = handledSoFar() + 1
}

/** Returns the number of events that reached a handler in this process. */
export function handledSoFar(): number {
  return host[COUNT] ?? 0
}

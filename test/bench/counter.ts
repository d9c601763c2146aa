const COUNT = Symbol.for('postern.bench.handled')
const host = globalThis as { [COUNT]?: number }

/** Counts an event that reached a handler. On globalThis, since Next.js bundles its routes apart. */
export function handled(): void {
  host[COUNT] = handledSoFar() + 1
}

/** How many events reached a handler in this process. */
export function handledSoFar(): number {
  return host[COUNT] ?? 0
}

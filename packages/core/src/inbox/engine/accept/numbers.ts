import type { Store } from '../store.ts'

/** Numbers of events, taken in blocks ahead of their use, so that one statement stores events and tasks. */
export interface Numbers {
  /** True if that many can be given at once. */
  ready(count: number): boolean
  fill(): Promise<void>
  next(): number
  /** The store may give them again. */
  forget(): void
}

const BLOCK = 1000
// Numbers in stock: below, another block is fetched; a delivery may have several hundred events.
const LOW = 1500
const FULL = 2000
const SPARE = 200

/** Makes them; all 0 if the store numbers events itself. */
export function createNumbers(store: Store): Numbers {
  if (!store.block)
    return { ready: () => true, fill: async () => {}, next: () => 0, forget: () => {} }
  let blocks: { next: number; end: number }[] = []
  let left = 0
  let filling: Promise<void> | undefined
  return {
    ready: (count) => left >= count + SPARE,
    fill,
    next() {
      while (blocks[0]!.next >= blocks[0]!.end) blocks.shift()
      // If it fails, the next delivery that needs it reports it.
      if (--left < LOW) fill().catch(() => {})
      return blocks[0]!.next++
    },
    forget() {
      blocks = []
      left = 0
    },
  }

  function fill(): Promise<void> {
    return (filling ??= fetch().finally(() => (filling = undefined)))
  }

  async function fetch(): Promise<void> {
    while (left < FULL) {
      const first = await store.block!()
      blocks.push({ next: first, end: first + BLOCK })
      left += BLOCK
    }
  }
}

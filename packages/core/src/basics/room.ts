/** A memory budget, shared by all receivers and inboxes of this process, in bytes as {@link weigh} estimates them. */
interface Room {
  /** Returns true if `bytes` more bytes fit. An unused budget accepts any size, even a very large body. */
  fits(bytes: number): boolean
  /** Returns the maximum number of items of `bytes` bytes that still fit. */
  count(bytes: number): number
  take(bytes: number): void
  give(bytes: number): void
  freed(look: () => void): void
}

interface Held {
  bytes: number
  readonly waiting: Set<() => void>
}

interface NodeProcess {
  availableMemory?(): number
  getBuiltinModule?(
    name: 'node:v8',
  ): { getHeapStatistics(): { heap_size_limit: number; used_heap_size: number } } | undefined
}

const MIB = 1024 * 1024
// Received deliveries get a fifth of the free memory, and running tasks another fifth. The rest is for the app.
const SHARE = 5
// Assumed free memory if the runtime does not report it.
const UNKNOWN = 512 * MIB

// Minimum of the free memory: a receiver must accept small deliveries even if the heap is full at startup.
const LEAST = 16 * MIB

// The free memory is read only once: Bun walks its complete heap to compute it.
let free: number | undefined

function freeMemory(): number {
  return (free ??= askMemory())
}

function askMemory(): number {
  const { process } = globalThis as { readonly process?: NodeProcess }
  let heap = UNKNOWN
  try {
    const told = process?.getBuiltinModule?.('node:v8')?.getHeapStatistics()
    if (told && told.heap_size_limit > 0)
      heap = Math.max(0, oldSpaceOf(told.heap_size_limit) - told.used_heap_size)
  } catch {
    // On Workers, node:v8 exists, but its functions throw.
  }
  // Workers have `availableMemory`, but the function returns 0 there.
  const machine = process?.availableMemory?.() || Infinity
  return Math.max(LEAST, Math.min(heap, machine))
}

// V8's heap limit includes its young generation: three half spaces, of 64 MiB each by default. Long-lived objects do
// not fit there.
function oldSpaceOf(limit: number): number {
  return limit - Math.min(192 * MIB, limit * 0.6)
}

/** Returns an eighth of the free memory, at most `most` bytes: a limit for bytes outside of the heap. */
export function eighthOfMemory(most: number): number {
  return Math.max(1, Math.min(most, Math.floor(freeMemory() / 8)))
}

// The rooms are on globalThis, so that two copies of this package in one process share one budget.
const KEY = Symbol.for('postern.rooms')
const shared = globalThis as { [KEY]?: Record<string, Held> }

function room(name: string, share = SHARE, most = Infinity): Room {
  let own: Held | undefined
  const held = (): Held => (own ??= (shared[KEY] ??= {})[name] ??= { bytes: 0, waiting: new Set() })
  const size = (): number => Math.min(freeMemory() / share, most)
  return {
    fits(bytes) {
      const { bytes: taken } = held()
      return taken === 0 || taken + bytes <= size()
    },
    count: (bytes) => Math.max(0, Math.floor((size() - held().bytes) / bytes)),
    take: (bytes) => void (held().bytes += bytes),
    give(bytes) {
      const own = held()
      own.bytes -= bytes
      if (own.waiting.size === 0 || bytes === 0) return
      const waiting = [...own.waiting]
      own.waiting.clear()
      for (const look of waiting) look()
    },
    freed: (look) => void held().waiting.add(look),
  }
}

/** Memory for verified deliveries, from parsing to the reply. */
export const receivedRoom: Room = /* @__PURE__ */ room('received')
/** Memory for the decoded events of claimed tasks, until the outcome of the task is stored. */
export const claimedRoom: Room = /* @__PURE__ */ room('claimed')
/**
 * Memory for the parsed payloads of waiting tasks. If a payload does not fit, it is parsed again when its task runs.
 */
export const waitingRoom: Room = /* @__PURE__ */ room('waiting', 16, 64 * MIB)

// For bodies up to this size, in bytes, memory is only estimated. Counting values would slow down small deliveries.
const SMALL = 16 * 1024
// Estimated bytes of memory per byte of a small body.
const USUAL = 8
// Maximum number of bytes that V8 uses for one value, member or field.
const VALUE = 32
const marks = /* @__PURE__ */ new Uint8Array(256)
for (const mark of ',:{[&=<') marks[mark.charCodeAt(0)] = 1
const known = /* @__PURE__ */ new WeakMap<Uint8Array, number>()

/**
 * Returns the bytes of memory that a parsed body needs: twice the length of the body, plus 32 for each value. Each `,`,
 * `:`, `{`, `[`, `&`, `=` and `<` counts as a value. For a body up to 16 KiB, the number is estimated from the length
 * alone.
 */
export function weigh(body: Uint8Array): number {
  const { length } = body
  if (length <= SMALL) return length * USUAL
  const weight = known.get(body)
  if (weight !== undefined) return weight
  let values = 0
  for (let at = 0; at < length; at++) values += marks[body[at]!]!
  return weighMarks(body, values)
}

/**
 * Returns the largest number that {@link weigh} can return for a body of this length. Counting the values of the body
 * is slower: it takes a fifth of the time of receiving the body.
 */
export function weighMost({ length }: Uint8Array): number {
  return length <= SMALL ? length * USUAL : (2 + VALUE) * length
}

export function weighMarks(body: Uint8Array, values: number): number {
  const { length } = body
  if (length <= SMALL) return length * USUAL
  const weight = 2 * length + VALUE * values
  known.set(body, weight)
  return weight
}

/** Returns the bytes of memory that a parsed JSON text needs, estimated from its length. */
export function weighText(length: number): number {
  return length * USUAL
}

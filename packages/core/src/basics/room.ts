import type { MaybePromise } from './maybe.ts'

/** The memory that this process may use for one purpose, over all receivers and inboxes, in bytes of {@link weigh}. */
interface Room {
  /** Returns true if so many bytes fit. Any size fits if nothing is held. */
  fits(bytes: number): boolean
  /** Returns how many pieces of that many bytes fit. */
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
// A fifth of the free heap is for received deliveries, and as much for running tasks. The rest is for the app and for garbage.
const SHARE = 5
// Assumed free memory where a runtime does not report it.
const UNKNOWN = 512 * MIB

// Minimum, so that a receiver still accepts small deliveries in a heap that was full at the start.
const LEAST = 16 * MIB

// Read once: Bun walks its complete heap for it.
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
    // On Workers the module exists but does not work.
  }
  // Workers have the function, which returns 0.
  const machine = process?.availableMemory?.() || Infinity
  return Math.max(LEAST, Math.min(heap, machine))
}

// The limit of V8 includes its young generation: three half spaces, by default of 64 MiB. Long-lived objects do not fit there.
function oldSpaceOf(limit: number): number {
  return limit - Math.min(192 * MIB, limit * 0.6)
}

/** Returns an eighth of the free memory, at most `most` bytes: for bytes outside of the heap. */
export function eighthOfMemory(most: number): number {
  return Math.max(1, Math.min(most, Math.floor(freeMemory() / 8)))
}

// On globalThis, since two copies of this package in one process share its memory.
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

/** For verified deliveries, from parsing to the reply. */
export const receivedRoom: Room = /* @__PURE__ */ room('received')
/** For decoded events of claimed tasks, until their outcome is stored. */
export const claimedRoom: Room = /* @__PURE__ */ room('claimed')
/** For parsed payloads of waiting tasks in memory. Without room, a payload is parsed again when its task runs. */
export const waitingRoom: Room = /* @__PURE__ */ room('waiting', 16, 64 * MIB)

// Smaller bodies are not counted: a delivery of 1 KB must not pay for it.
const SMALL = 16 * 1024
const USUAL = 8
// Maximum bytes that V8 uses for one value, member or field. An empty object in an array counts as two.
const VALUE = 32
const marks = /* @__PURE__ */ new Uint8Array(256)
for (const mark of ',:{[&=<') marks[mark.charCodeAt(0)] = 1
const known = /* @__PURE__ */ new WeakMap<Uint8Array, number>()

/** Returns the bytes that a parsed body needs: twice its text, and its values, counted by the marks between them. */
export function weigh(body: Uint8Array): number {
  const { length } = body
  if (length <= SMALL) return length * USUAL
  const weight = known.get(body)
  if (weight !== undefined) return weight
  let values = 0
  for (let at = 0; at < length; at++) values += marks[body[at]!]!
  return weighMarks(body, values)
}

/** Returns the maximum bytes that a parsed body needs. Counting its marks costs a fifth of the time of receiving it. */
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

/** Returns the bytes that a parsed JSON text needs, estimated from its length. */
export function weighText(length: number): number {
  return length * USUAL
}

/**
 * Reserves memory for the event of a claimed task before it is decoded. Returns the function that releases it when the outcome
 * is stored; while there is no room, a promise of that function. All receivers and inboxes of the process share the memory.
 *
 * @example
 * const free = await roomFor(body, record.length)
 * try { await consumer.run(decode(body, record), signal) } finally { free() }
 */
export function roomFor(body: Uint8Array, record: number): MaybePromise<() => void> {
  const weight = weigh(body) + weighText(record)
  return claimedRoom.fits(weight) ? taken(weight) : freed(weight)
}

async function freed(weight: number): Promise<() => void> {
  while (!claimedRoom.fits(weight)) await new Promise<void>((resolve) => claimedRoom.freed(resolve))
  return taken(weight)
}

function taken(weight: number): () => void {
  claimedRoom.take(weight)
  let left = weight
  return () => {
    claimedRoom.give(left)
    left = 0
  }
}

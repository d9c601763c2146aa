import type { MaybePromise } from './maybe.ts'

/** What this process may hold of one kind in memory, over all receivers and inboxes. Bytes are those of {@link weigh}. */
interface Room {
  /** True if so much more fits. What comes first always fits, however large it is. */
  fits(bytes: number): boolean
  /** How many pieces of that many bytes fit. */
  count(bytes: number): number
  take(bytes: number): void
  give(bytes: number): void
  /** Calls it once when something was released. */
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
// A fifth of the free heap for what is received, and as much for what runs: the rest is the app's own, and garbage.
const SHARE = 5
// What is taken for the free memory where a runtime does not tell.
const UNKNOWN = 512 * MIB

// A heap that is full already leaves room for small deliveries: else the receiver would reject all for good.
const LEAST = 16 * MIB

// Asked once: Bun walks its whole heap for it.
let free: number | undefined

/** Bytes that this process could still take when it was first asked: of its heap or of the machine, whichever is less. */
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
  // Workers have the function, and it returns 0.
  const machine = process?.availableMemory?.() || Infinity
  return Math.max(LEAST, Math.min(heap, machine))
}

// V8 counts its young generation in: three half spaces, by default of 64 MiB. What lives long must fit without these.
function oldSpaceOf(limit: number): number {
  return limit - Math.min(192 * MIB, limit * 0.6)
}

/** An eighth of the free memory, but no more than `most` bytes: for bytes that are outside of the heap. */
export function eighthOfMemory(most: number): number {
  return Math.max(1, Math.min(most, Math.floor(freeMemory() / 8)))
}

// On globalThis: two copies of this package in one process have one memory.
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

/** For deliveries that are verified, from parsing until the reply. */
export const receivedRoom: Room = /* @__PURE__ */ room('received')
/** For events of tasks that are claimed, decoded, until their outcome is stored. */
export const claimedRoom: Room = /* @__PURE__ */ room('claimed')
/** For parsed payloads of an inbox in memory whose tasks wait: what has no room here is parsed again when it runs. */
export const waitingRoom: Room = /* @__PURE__ */ room('waiting', 16, 64 * MIB)

// Below that a text is not counted: a delivery of 1 KB must not pay for it.
const SMALL = 16 * 1024
const USUAL = 8
// What V8 makes of one value, member or field at most; an empty object with its place in an array is two of these.
const VALUE = 32
const marks = /* @__PURE__ */ new Uint8Array(256)
for (const mark of ',:{[&=<') marks[mark.charCodeAt(0)] = 1
const known = /* @__PURE__ */ new WeakMap<Uint8Array, number>()

/** Bytes that a body takes once it is parsed: its text twice, and its values, counted by the marks between these. */
export function weigh(body: Uint8Array): number {
  const { length } = body
  if (length <= SMALL) return length * USUAL
  const weight = known.get(body)
  if (weight !== undefined) return weight
  let values = 0
  for (let at = 0; at < length; at++) values += marks[body[at]!]!
  return weighMarks(body, values)
}

/** Bytes that a body takes at most once it is parsed. Counting its marks takes a fifth of the time of receiving it. */
export function weighMost({ length }: Uint8Array): number {
  return length <= SMALL ? length * USUAL : (2 + VALUE) * length
}

/** What {@link weigh} is for a body whose marks were counted. */
export function weighMarks(body: Uint8Array, values: number): number {
  const { length } = body
  if (length <= SMALL) return length * USUAL
  const weight = 2 * length + VALUE * values
  known.set(body, weight)
  return weight
}

/** Bytes that a text of JSON takes once it is parsed, only by its length. */
export function weighText(length: number): number {
  return length * USUAL
}

/**
 * Takes room in memory for the event of a claimed task, before it is decoded; a promise of it while there is none. All
 * receivers and inboxes of the process share it. Returns the function that gives it back, for when the outcome is stored.
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

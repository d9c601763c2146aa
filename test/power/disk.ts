import type { Step } from './trace.ts'

/** Which writes since the last sync are on the disk after a power cut. */
export type Remains = 'none' | 'all' | 'first' | 'some' | 'zeros'

/**
 * All ways. `first`: the writes up to a torn one. `some`: random writes, some of them torn. `zeros`: the file has its
 * new size, but zeros instead of the bytes.
 */
export const REMAINS: readonly Remains[] = ['none', 'all', 'first', 'some', 'zeros']

type Change = Extract<Step, { readonly kind: 'write' | 'truncate' }>

/** Simulated disk that loses unsynced writes. */
export interface Disk {
  /** Applies a step of the trace. */
  apply(step: Step): void
  /** Number of writes without a later sync. */
  readonly unsynced: number
  /** Returns the files after a power cut. */
  cut(remains: Remains, random: () => number): ReadonlyMap<string, Buffer>
}

const SECTOR = 512

export function createDisk(): Disk {
  const synced = new Map<string, Buffer>()
  const open = new Map<string, Change[]>()
  return {
    apply(step) {
      if (step.kind === 'journal') return
      if (step.kind === 'unlink') {
        synced.delete(step.file)
        open.delete(step.file)
      } else if (step.kind === 'sync') {
        synced.set(step.file, changed(synced.get(step.file), open.get(step.file) ?? []))
        open.delete(step.file)
      } else open.set(step.file, [...(open.get(step.file) ?? []), step])
    },
    get unsynced() {
      return [...open.values()].reduce((sum, changes) => sum + changes.length, 0)
    },
    cut(remains, random) {
      const files = new Map(synced)
      for (const [file, changes] of open)
        files.set(file, changed(synced.get(file), left(changes, remains, random)))
      return files
    },
  }
}

function left(changes: readonly Change[], remains: Remains, random: () => number): Change[] {
  switch (remains) {
    case 'none':
      return []
    case 'all':
      return [...changes]
    case 'first': {
      const count = Math.floor(random() * changes.length)
      return [...changes.slice(0, count), torn(changes[count]!, random)]
    }
    case 'some':
      return changes
        .filter(() => random() < 0.5)
        .map((change) => (random() < 0.3 ? torn(change, random) : change))
    case 'zeros':
      return changes.map((change) =>
        change.kind === 'write' ? { ...change, bytes: Buffer.alloc(change.bytes.length) } : change,
      )
  }
}

/** Returns a write of which only some sectors reached the disk. */
function torn(change: Change, random: () => number): Change {
  if (change.kind === 'truncate') return change
  const sectors = Math.floor((random() * change.bytes.length) / SECTOR)
  return { ...change, bytes: change.bytes.subarray(0, sectors * SECTOR) }
}

function changed(before: Buffer = Buffer.alloc(0), changes: readonly Change[]): Buffer {
  let content = Buffer.from(before)
  for (const change of changes) {
    if (change.kind === 'truncate') content = resized(content, change.size)
    else {
      const end = change.at + change.bytes.length
      if (end > content.length) content = resized(content, end)
      change.bytes.copy(content, change.at)
    }
  }
  return content
}

function resized(content: Buffer, size: number): Buffer<ArrayBuffer> {
  const other = Buffer.alloc(size)
  content.copy(other)
  return other
}

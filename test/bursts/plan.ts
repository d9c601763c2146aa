import { createServer } from 'node:http'
import { listenOn } from '../services/temporary.ts'

/** Event to send, with its key and the version that its provider gave it. */
export interface Burst {
  readonly id: string
  readonly key: string
  readonly version: number
}

export interface Size {
  readonly keys: number
  readonly events: number
  readonly kills: number
}

// Maximum number of positions that an event moves from its place in version order.
const SHUFFLE = 200

/** Returns the events in the order in which they are sent. */
export function shuffled({ keys, events }: Size, random: () => number): readonly Burst[] {
  return Array.from({ length: events }, (_, at) => ({ at, place: at + random() * SHUFFLE }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ at }) => ({ id: `e${at}`, key: `k${at % keys}`, version: Math.floor(at / keys) + 1 }))
}

/** Server that handlers notify when a run starts and ends. */
export interface Watched {
  readonly port: number
  /** Call it when a process is killed: its runs have ended. */
  gone(process: string): void
  /** Errors found, and the version of the last run of each key. */
  readonly found: { regressed: number; beside: number; runs: number }
  readonly last: ReadonlyMap<string, number>
  close(): void
}

/** Starts a server that handlers call before and after their work. It replies at once. */
export async function watchRuns(): Promise<Watched> {
  const open = new Map<string, { readonly process: string; readonly run: string }>()
  const last = new Map<string, number>()
  const found = { regressed: 0, beside: 0, runs: 0 }
  const dead = new Set<string>()
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://watch')
    const [key, process, run] = ['key', 'process', 'run'].map((name) => searchParams.get(name)!)
    // Ignores calls of a killed process that arrive late.
    if (dead.has(process!)) return void response.end()
    if (searchParams.has('end')) {
      if (open.get(key!)?.run === run) open.delete(key!)
    } else {
      const version = Number(searchParams.get('version'))
      found.runs++
      if (open.has(key!)) found.beside++
      if (version < (last.get(key!) ?? 0)) found.regressed++
      open.set(key!, { process: process!, run: run! })
      last.set(key!, Math.max(version, last.get(key!) ?? 0))
    }
    response.end()
  })
  return {
    port: await listenOn(server),
    gone(process) {
      dead.add(process)
      for (const [key, one] of open) if (one.process === process) open.delete(key)
    },
    found,
    last,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

export interface Ends {
  /** Tasks that ran, without stale ones. */
  readonly ran: number
  readonly folded: number
  readonly stale: number
  /** Tasks that are not done. */
  readonly left: number
  /** Events that the runs and stale tasks account for: 1 + folded per run, 1 per stale task. */
  readonly counted: number
}

export interface EndedTask {
  readonly state: string
  readonly folded?: number | undefined
  readonly into?: string | undefined
  readonly stale?: boolean | undefined
}

export function endsOf(tasks: Iterable<EndedTask>): Ends {
  const ends = { ran: 0, folded: 0, stale: 0, left: 0, counted: 0 }
  for (const { state, folded = 0, into, stale } of tasks) {
    if (state !== 'done') ends.left++
    else if (into !== undefined) ends.folded++
    else if (stale) {
      ends.stale++
      ends.counted++
    } else {
      ends.ran++
      ends.counted += 1 + folded
    }
  }
  return ends
}

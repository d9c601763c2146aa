import type { Claim, Consumer, Lane, Outcome } from '../../../src/inbox/engine/index.ts'
import type { EndedClaim, RunnerTask } from '../../../src/inbox/engine/run/task.ts'
import { type Runner, createRunner } from '../../../src/inbox/engine/run/runner.ts'
import type { Slot } from '../../../src/inbox/engine/run/slot.ts'

export interface Row {
  readonly id: string
  readonly lane: string
  state: 'pending' | 'running' | 'done' | 'dead'
  due: number
  attempt: number
  /** Number of times that the task was released. */
  back: number
}

export interface Held extends RunnerTask<Held> {
  readonly row: Row
}

export interface EngineOptions {
  readonly lanes?: readonly (Partial<Lane> & { readonly name: string })[]
  readonly run?: (claim: Claim, signal: AbortSignal) => Outcome | Promise<Outcome>
  /**
   * Stores an outcome by a call of `store`.
   * @default calls `store` in the next turn of the event loop
   */
  readonly settle?: (ended: EndedClaim<Held>, store: () => void) => void
  readonly runner?: Partial<Parameters<typeof createRunner<Held>>[0]>
}

/** The smallest inbox for a runner. Rows are in memory, and both claims and outcomes are asynchronous. */
export interface Engine {
  readonly rows: readonly Row[]
  readonly runner: Runner<Held>
  /** Runs, outcomes and ended claims, in order. */
  readonly log: string[]
  readonly fetches: () => number
  readonly add: (lane: string, due?: number) => Row
  /** Stores a task. If there is room, also claims the task in the same step. */
  readonly accept: (lane: string) => Row
  readonly until: (condition: () => boolean) => Promise<void>
}

export const DONE: Outcome = { kind: 'done' }

export function createEngine(options: EngineOptions = {}): Engine {
  const lanes = (options.lanes ?? [{ name: 'a' }]).map((lane) => ({
    previousNames: [],
    concurrency: 2,
    ordered: false,
    timeout: 1000,
    ...lane,
  }))
  const rows: Row[] = []
  const log: string[] = []
  let fetches = 0
  const consumer: Consumer = {
    receiver: 'shop',
    retrySpan: 0,
    lanes: () => lanes,
    run(claim, signal) {
      log.push(`run ${claim.id}`)
      return options.run?.(claim, signal!) ?? DONE
    },
    settled(claim, outcome, stored) {
      log.push(`${stored ? outcome.kind : 'rejected'} ${claim.id}`)
    },
    warn() {},
    now: Date.now,
  }
  const runner: Runner<Held> = createRunner<Held>({
    consumer,
    ahead: { time: 0, most: 0 },
    margin: 250,
    reclaim: async () => {},
    claimOf: ({ row }) => ({
      id: row.id,
      subscription: row.lane,
      event: {} as never,
      delivery: {} as never,
      attempt: row.attempt,
    }),
    settle(ended) {
      const stored = (): void => store(ended)
      if (options.settle) options.settle(ended, stored)
      else setImmediate(stored)
    },
    fetch(over) {
      fetches++
      setImmediate(() => {
        for (const { slot, room } of runner.hungry()) claim(slot, room)
        over()
      })
    },
    ended: ({ row }) => log.push(`ended ${row.id}`),
    rest: async () => ({
      left: rows.filter((row) => row.state === 'pending' && row.due <= Date.now()).length,
      next: rows
        .filter((row) => row.state === 'pending' && row.due > Date.now())
        .reduce<number | undefined>((least, { due }) => Math.min(least ?? due, due), undefined),
    }),
    ...options.runner,
  })
  const add = (lane: string, due = 0): Row => {
    const row: Row = {
      id: `${lane}${rows.length}`,
      lane,
      state: 'pending',
      due,
      attempt: 0,
      back: 0,
    }
    rows.push(row)
    return row
  }

  return {
    rows,
    runner,
    log,
    fetches: () => fetches,
    add,
    accept(lane) {
      const row = add(lane)
      const slot = runner.take(lane, 1)
      if (slot) runner.start([hold(slot, row)])
      return row
    },
    async until(condition) {
      while (!condition()) await new Promise(setImmediate)
    },
  }

  function claim(slot: Slot<Held>, room: number): void {
    const ready = rows.filter(
      (row) =>
        slot.names.includes(row.lane) && row.state === 'pending' && row.due <= consumer.now(),
    )
    const taken = ready.slice(0, room)
    if (ready.length <= room) slot.backlog = false
    runner.reserve(slot, taken.length)
    runner.start(taken.map((row) => hold(slot, row)))
  }

  function hold(slot: Slot<Held>, row: Row): Held {
    row.state = 'running'
    row.attempt++
    return {
      slot,
      row,
      weight: 1,
      place: -1,
      over: false,
      returned: false,
      committed: undefined,
      started: 0,
      startedAt: 0,
    }
  }

  function store({ task: { row }, outcome, ran, done }: EndedClaim<Held>): void {
    if (row.state !== 'running') return done(undefined)
    row.state = outcome.kind === 'done' || outcome.kind === 'dead' ? outcome.kind : 'pending'
    if ('at' in outcome) row.due = outcome.at
    if (outcome.kind === 'postpone') row.attempt--
    if (!ran) row.back++
    done(outcome)
    if ('at' in outcome) runner.dueAt(outcome.at)
    if ('spawn' in outcome)
      for (const child of outcome.spawn ?? []) runner.ready(child.subscription)
  }
}

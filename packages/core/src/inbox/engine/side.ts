import type { Consumer, Host } from '../inbox.ts'
import type { Side } from '../attach/attachment.ts'
import { createRunner } from './run/runner.ts'
import type { Ahead } from './run/slot.ts'
import { createAccept } from './accept/accept.ts'
import { createProbe } from './accept/probe.ts'
import { createCapacity, type Capacity } from './accept/capacity.ts'
import { createWatch } from './lease/watch.ts'
import { createSideLife } from './life.ts'
import type { BatchWriter } from './write/batch-writer.ts'
import type { InboxView } from '../view.ts'
import { watchOrphans } from '../operate/orphans.ts'
import type { Numbers } from './accept/numbers.ts'
import { createClaims } from './run/claim.ts'
import { createCommit } from './run/commit.ts'
import { createLanes, type Lanes } from './run/lanes.ts'
import { createSettle } from './run/settle.ts'
import { claimOf, type Task } from './run/task.ts'
import type { EngineSettings } from './settings.ts'
import type { VersionWatch } from './version/version-watch.ts'
import type { Store } from './store.ts'

/** A receiver's side that the view changes. */
export interface EngineSide extends Side {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  look(): void
  /** It is shut out of the store, or, without a reason, that is over. */
  shut(refused: string | undefined): void
  /** Resolves when nothing waits to be stored. */
  flushed(): Promise<void>
}

/** What the sides of an inbox share. */
export interface Shared {
  readonly store: Store
  readonly writer: BatchWriter
  readonly settings: EngineSettings
  readonly ahead: Ahead
  readonly numbers: Numbers
  readonly versionWatch: VersionWatch
  readonly token: () => number
  readonly transactionOf: (host: Host) => unknown
  readonly view: Pick<InboxView, 'orphans'>
  readonly onWork: () => void
  /** After a drain. */
  readonly tidy: (until: number) => Promise<void>
}

// Milliseconds that storing what is given back may take.
const MARGIN = 500

/** Makes a receiver's side: the rules above any store. */
export function createSide(shared: Shared, consumer: Consumer): EngineSide {
  const { store, writer, settings, versionWatch } = shared
  const { receiver } = consumer
  const lanes = createLanes(store, receiver, () => runner.slots(), settings.deadline)
  const capacity = createCapacity(store, lanes, {
    ...settings,
    receiver,
    now: () => consumer.now(),
  })
  const settle = createSettle({
    store,
    writer,
    consumer,
    lanes,
    deadline: settings.deadline,
    over: (tasks) => capacity.free(tasks),
    told: (turn) => capacity.told(turn),
    dueAt(at) {
      claims.dueAt(at)
      runner.dueAt(at)
    },
    ready: (subscription) => runner.ready(subscription),
  })
  const commit = createCommit(store, settle, consumer)
  const claims = createClaims({
    store,
    writer,
    consumer,
    lanes,
    deadline: settings.deadline,
    token: shared.token,
    runner: () => runner,
    draining: () => life.draining,
    refused: () => versionWatch.refused !== undefined,
    buried(id, error) {
      capacity.free(1)
      consumer.warn(`task ${id} is dead: ${error.message}`)
    },
  })
  const runner = createRunner<Task>({
    consumer,
    ahead: shared.ahead,
    margin: MARGIN,
    claimOf(task) {
      return claimOf(task, {
        commit: (write, spawn) => commit.commit(task, write, spawn),
        commitIn: (transaction, spawn) => commit.commitIn(task, transaction, spawn),
        conflict: (error) => commit.conflict(task, error),
      })
    },
    settle: ({ task, outcome, ran, done }) => settle.add({ task, outcome, ran }, done),
    fetch: (over) => claims.fetch(over),
    ended(task) {
      task.free?.()
      if (task.committed) settle.follow(task, task.committed)
    },
    async reclaim() {
      await watch.look()
      claims.soon()
    },
    async rest() {
      const { left, next } = await store.rest(lanes.all())
      return { left, next: next === undefined ? undefined : Math.round(consumer.now() + next) }
    },
  })
  const orphans = watchOrphans(store.name, shared.view, consumer)
  const watch = createWatch({
    store,
    versionWatch,
    consumer,
    lanes,
    lease: settings.lease,
    deadline: settings.deadline,
    pollInterval: settings.pollInterval,
    held: () => runner.held(),
    freed: (soonest) => runner.dueAt(consumer.now() + soonest),
    suspected() {
      claims.suspected()
      runner.look()
    },
    orphans: () => orphans.look(),
    buried(claim, error) {
      capacity.free(1)
      if (claim) consumer.settled(claim, { kind: 'dead', error }, true)
    },
  })
  const accept = createAccept({
    store,
    writer,
    settings,
    consumer,
    lanes,
    capacity,
    numbers: shared.numbers,
    token: shared.token,
    runner: () => runner,
    transactionOf: shared.transactionOf,
    versionWatch,
    look: () => life.look(),
  })
  const life = createSideLife({ ...shared, consumer, runner, claims, watch })
  return {
    consumer,
    lanes,
    capacity,
    accept,
    probe: createProbe({ store, writer, lanes, receiver }),
    look: life.look,
    shut: life.shut,
    work: life.work,
    drain: life.drain,
    close: life.close,
    flushed: () => settle.flushed(),
  }
}

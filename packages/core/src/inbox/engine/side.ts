import { settledBy } from '../../basics/deadline.ts'
import type { Consumer } from '../inbox.ts'
import type { Side } from './attach/attachment.ts'
import { createRunner } from './run/runner.ts'
import { createAccept } from './accept/accept.ts'
import { createProbe } from './accept/probe.ts'
import { createCapacity, type Capacity } from './accept/capacity.ts'
import { createWatch } from './lease/watch.ts'
import type { SharedParts, SideParts } from './parts.ts'
import { createSideLife } from './life.ts'
import { createClaims } from './run/claim.ts'
import { createCommit } from './run/commit.ts'
import { createLanes, type Lanes } from './run/lanes.ts'
import { createSettle } from './run/settle.ts'
import { claimOf, type Task } from './run/task.ts'

/** A receiver's side that the view changes. */
export interface EngineSide extends Side {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  look(): void
  /** It is shut out of the store, or, without a reason, that is over. */
  shut(refused: string | undefined): void
  /** The store went back: what is claimed here is not claimed there. */
  back(message: string): void
  /** Resolves when nothing waits to be stored. */
  flushed(): Promise<void>
  /** As `Runner.pause`, once what it gave back is stored. */
  pause(): Promise<() => void>
}

// Milliseconds that storing what is given back may take.
const MARGIN = 500

/** Makes a receiver's side: the rules above any store. */
export function createSide(shared: SharedParts, consumer: Consumer): EngineSide {
  const { store, settings, ahead } = shared
  const lanes = createLanes(store, consumer.receiver, () => runner.slots(), settings.deadline)
  const capacity = createCapacity({ store, settings, consumer, lanes })
  const parts: SideParts = {
    ...shared,
    consumer,
    lanes,
    capacity,
    runner: () => runner,
    dueAt(at) {
      claims.dueAt(at)
      runner.dueAt(at)
    },
    look: () => life.look(),
    draining: () => life.draining(),
  }
  const accept = createAccept(parts)
  const settle = createSettle(parts)
  const commit = createCommit(store, settle, consumer)
  const claims = createClaims(parts)
  const runner = createRunner<Task>({
    consumer,
    ahead,
    early: store.alone !== undefined,
    margin: MARGIN,
    claimOf(task) {
      if (!shared.commits) return claimOf(task)
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
  const watch = createWatch(parts, () => claims.suspected())
  const life = createSideLife(parts, claims, watch)
  return {
    consumer,
    lanes,
    capacity,
    accept,
    probe: createProbe(parts, accept),
    look: life.look,
    shut: life.shut,
    back(message) {
      lanes.forget()
      life.shut(message)
      life.look()
    },
    work: life.work,
    drain: life.drain,
    burst: life.burst,
    close: life.close,
    flushed: () => settle.flushed(),
    async pause() {
      const resume = runner.pause()
      await settledBy(settle.flushed(), performance.now() + settings.deadline)
      return resume
    },
  }
}

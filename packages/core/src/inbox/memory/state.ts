import type { Consumer } from '../inbox.ts'
import { createPace, type Pace } from '../tasks/pace.ts'
import { createLaneQueues, type LaneQueues } from './run/claim.ts'
import type { MemoryEvent } from './accept/event.ts'
import { createGuards, type Guards } from './accept/guards.ts'
import { createKnown, type Known } from './accept/known.ts'
import type { MemorySettings } from './settings.ts'
import type { MemoryTask } from './run/task.ts'

/** What a memory inbox keeps. */
export interface MemoryStore {
  /** By receiver. */
  readonly states: Map<string, MemoryState>
  /** The place of the newest task in the order of arrival. */
  sequence: number
  /** Changes when any task did. */
  version: number
  /** What people did. */
  readonly acted: Map<string, string>
}

/** What it keeps for one receiver. */
export interface MemoryState {
  readonly store: MemoryStore
  readonly settings: MemorySettings
  consumer: Consumer
  lanes: LaneQueues
  /** Aborted when the receiver closes; the next one has its own. */
  closing: AbortController
  /** Tasks pending or running, and the bytes of their bodies. */
  pending: number
  bytes: number
  /** Of them, those of each fair key. */
  readonly tenants: Map<string, number>
  readonly pace: Pace
  /** Dead tasks that are kept, the oldest death first. */
  readonly dead: Set<MemoryTask>
  /** Bytes of the bodies that are kept for them. */
  keptBytes: number
  /** When a dropped dead task is warned of again. */
  warnAgain: number
  readonly known: Known
  readonly guards: Guards
}

/** Makes a {@link MemoryState}. */
export function createState(
  store: MemoryStore,
  consumer: Consumer,
  settings: MemorySettings & { readonly window: number },
): MemoryState {
  const state: MemoryState = {
    store,
    settings,
    consumer,
    lanes: createLaneQueues(consumer, () => {}),
    closing: new AbortController(),
    pending: 0,
    bytes: 0,
    tenants: new Map(),
    pace: createPace(() => consumer.now()),
    dead: new Set(),
    keptBytes: 0,
    warnAgain: 0,
    known: createKnown(settings, () => state.consumer),
    guards: createGuards(settings, () => state.consumer),
  }
  return state
}

/** A task of the event is open from now on. */
export function taskOpened(state: MemoryState, { owner, draft }: MemoryTask): void {
  if (owner.open++ === 0) state.bytes += owner.bytes
  state.pending++
  state.pace.added(1)
  if (draft.fairKey !== undefined)
    state.tenants.set(draft.fairKey, (state.tenants.get(draft.fairKey) ?? 0) + 1)
}

/** The task is open no longer. */
export function closed(state: MemoryState, { owner, draft }: MemoryTask): void {
  state.pending--
  if (draft.fairKey !== undefined) {
    const left = state.tenants.get(draft.fairKey)! - 1
    if (left > 0) state.tenants.set(draft.fairKey, left)
    else state.tenants.delete(draft.fairKey)
  }
  if (--owner.open > 0) return
  state.bytes -= owner.bytes
  forgetEvent(state, owner)
}

/** A dead task is kept no longer. False if it was not. */
export function unkept(state: MemoryState, task: MemoryTask): boolean {
  if (!state.dead.delete(task)) return false
  if (--task.owner.kept === 0) state.keptBytes -= task.owner.bytes
  return true
}

/** The event is held no longer, unless dead tasks of it are kept. */
export function forgetEvent(state: MemoryState, owner: MemoryEvent): void {
  if (owner.open > 0 || owner.kept > 0) return
  owner.ends()
  state.known.settle(owner)
  if (owner.guards) state.guards.settle(owner)
}

/** The open tasks, the oldest first. */
export function openTasks({ known }: MemoryState): readonly MemoryTask[] {
  const open: MemoryTask[] = []
  for (const owner of known.values())
    for (const task of owner.tasks())
      if (task.state === 'pending' || task.state === 'running') open.push(task)
  return open.sort((a, b) => a.sequence - b.sequence)
}

/** A task and where it belongs. */
export interface FoundTask {
  readonly state: MemoryState
  readonly task: MemoryTask
}

/** All tasks that are kept, the oldest first: pending, running and dead. */
export function keptTasks({ states }: MemoryStore): readonly FoundTask[] {
  const kept: FoundTask[] = []
  for (const state of states.values())
    for (const owner of state.known.values())
      for (const task of owner.tasks())
        if (task.state === 'dead' ? state.dead.has(task) : task.state !== 'done')
          kept.push({ state, task })
  return kept.sort((a, b) => a.task.sequence - b.task.sequence)
}

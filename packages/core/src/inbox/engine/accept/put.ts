import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'
import type { Taken } from '../../inbox.ts'
import type { NewEvent } from '../row.ts'
import type { Undo } from '../write/undo.ts'
import type { Task } from '../run/task.ts'
import { refuseIfShut } from '../version/version-watch.ts'
import type { SideParts } from '../parts.ts'
import { chain, steps } from '../steps.ts'
import type { EncodedIntake } from './encode.ts'
import { flatten, idOf, type Flat } from './flat.ts'
import { revive } from './revive.ts'
import { takenOf, write } from './store-batch.ts'

/** A delivery that waits to be stored. */
export interface PutWork {
  readonly encoded: EncodedIntake
  done(taken: readonly Taken[]): void
}

/** Stores a batch of deliveries; nothing of it is stored if it fails. What can run here at once is stored as claimed. */
export function put(
  parts: SideParts,
  works: readonly PutWork[],
  until: number,
  undo: Undo,
): MaybePromise<() => void> {
  const { store, settings, lanes, capacity } = parts
  refuseIfShut(parts.versionWatch.refused())
  const token = parts.token()
  const flat = flatten(
    works.map(({ encoded }) => encoded),
    {
      receiver: parts.consumer.receiver,
      lanes,
      take: parts.runner().take,
      token,
    },
  )
  parts.flying.add(token)
  undo(() => {
    parts.flying.delete(token)
    freeSlots(parts, flat.claimed)
  })
  const written = flat.intakes.every(({ plain }) => plain)
    ? chain(store.insert(flat), (fresh) => reviveKnown(parts, flat, fresh))
    : store.atomic(Math.min(until - performance.now(), settings.deadline), (rows) =>
        steps(() => write(rows, flat, capacity)),
      )
  const look = (): void => {
    if (flat.revived) parts.look()
    else for (const name of flat.ready) parts.runner().ready(name)
  }
  if (isPromise(written))
    return written.then((taken) => () => {
      afterStored(parts, flat, works, taken)
      parts.flying.delete(token)
      look()
    })
  // The claim shares the transaction, and leaves nothing behind. Asked for after it, the next delivery would wait for a
  // claim too, and so on for as long as deliveries come.
  look()
  return () => {
    afterStored(parts, flat, works, written)
    parts.flying.delete(token)
  }
}

/** Once the batch is stored: answers its deliveries, and starts what was stored as claimed. */
function afterStored(
  parts: SideParts,
  { fresh, events, claimed }: Flat,
  works: readonly PutWork[],
  taken: readonly (readonly Taken[])[],
): void {
  const whole = fresh.size === events.length
  const started = whole ? claimed : claimed.filter(({ row }) => fresh.has(row.event!))
  if (!whole)
    freeSlots(
      parts,
      claimed.filter(({ row }) => !fresh.has(row.event!)),
    )
  for (let at = 0; at < works.length; at++) works[at]!.done(taken[at]!)
  parts.runner().start(started.map(toTask))
}

/** One statement stores what is new. Only if something was known a second one looks for failed tasks. */
function reviveKnown(
  { store, settings }: SideParts,
  flat: Flat,
  fresh: ReadonlySet<NewEvent>,
): MaybePromise<readonly (readonly Taken[])[]> {
  flat.fresh = fresh
  if (fresh.size === flat.events.length) return takenOf(flat, NONE)
  const known = flat.events.filter((event) => !fresh.has(event))
  return chain(revive(store, settings.deadline, known), (revived) => takenOf(flat, revived))
}

function freeSlots(parts: SideParts, claimed: Flat['claimed']): void {
  for (const { task } of claimed) parts.runner().reserve(task.slot, -1)
}

/** The task as the runner starts it: its id is known once its event has a number. */
function toTask({ row, task }: Flat['claimed'][number]): Task {
  task.id = idOf(row)
  return task
}

const NONE: ReadonlySet<NewEvent> = new Set()

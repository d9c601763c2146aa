import { randomUUID } from 'node:crypto'
import { chain, type MaybePromise, steps, type Steps, wait } from '../../../basics/maybe.ts'
import { NO_CONTENTS } from '../../codec.ts'
import type { Intake } from '../../inbox.ts'
import type { EngineSide, Side } from '../parts.ts'
import { type Fence, patchOf, type TaskChange } from '../patch.ts'
import { type ClaimRow, eventOf, GONE, PENDING } from '../row.ts'
import type { Rows } from '../store.ts'
import type { BatchWrite } from '../write/batch.ts'

interface Write extends BatchWrite {
  readonly done: () => void
}

/** The subscription name of probes. No receiver has this subscription, so no process runs the tasks of probes. */
export const PROBE = 'postern: a probe of health'

// Maximum number of tasks that one probe removes: its own task, and tasks of processes that died during a probe.
const MOST = 100

/** Makes `Port.probe`, which accepts a test delivery like any other, then claims, settles and deletes its task. */
export function createProbe(side: EngineSide, accept: Side['accept']): () => Promise<void> {
  const { store, writer, lanes, capacity, settings } = side
  // A store in memory is always reachable, so it needs no probe.
  if (store.alone) return () => Promise.resolve()
  const batch = writer.batch<Write>({
    rows: 1,
    bytes: Infinity,
    put: (writes) => chain(steps(forget), () => () => writes.forEach(({ done }) => done())),
    fault: (error) => (store.fault(error) === 'again' ? 'again' : 'all'),
  })
  // Claimed tasks of a probe that are not settled yet, because the store failed.
  let held: { readonly rows: readonly ClaimRow[]; readonly token: number } | undefined
  return async () => {
    // Removes the tasks that earlier probes could not settle. Otherwise these tasks would accumulate.
    if (held) await forgotten()
    await accept(probeIntake(), {})
    await forgotten()
  }

  function forgotten(): Promise<void> {
    return new Promise((done, failed) => {
      batch.add({ bytes: 0, deadline: performance.now() + settings.deadline, done, failed })
    })
  }

  function* forget(): Steps<void> {
    const lane = lanes.find(PROBE)
    if (lane === undefined) return
    held ??= yield* claim(lane)
    const { rows, token } = held
    if (rows.length > 0) {
      const run = (within: Rows): MaybePromise<number> => steps(() => settle(within, rows, token))
      capacity.free(yield* wait(store.atomic(settings.deadline, run)))
    }
    held = undefined
    yield* wait(store.drop?.(rows.map(({ id }) => eventOf(id))))
  }

  function* claim(lane: number): Steps<NonNullable<typeof held>> {
    const token = side.token()
    const rows = yield* wait(store.claim([{ lane, room: MOST, now: MOST }], MOST, false, token))
    return { rows, token }
  }
}

/** Settles the tasks of probes with the same statements as other tasks, then deletes them. Returns their number. */
function* settle(rows: Rows, claimed: readonly ClaimRow[], token: number): Steps<number> {
  const done = yield* wait(
    rows.finish(claimed.map(({ id, lane, fair }) => ({ id, token, lane, fair, took: 0 }))),
  )
  const patch = (change: TaskChange, fence: Fence, isDone = true) => {
    const wanted = claimed.filter(({ id }) => done.has(id) === isDone)
    return rows.patch(
      wanted.map((row) => patchOf({ ...row, token }, change)),
      fence,
    )
  }
  const attempted = { attempt: 1, took: 0, outcome: 'done', error: null } as const
  yield* wait(patch({ state: PENDING, wait: 0, attempted }, 'past'))
  const gone = yield* wait(patch({ state: GONE }, 'idle'))
  // `finish` of SQLite skips tasks whose ids are far apart. Skipped tasks are still claimed, and are deleted here.
  const rest = yield* wait(patch({ state: GONE }, 'held', false))
  return gone.size + rest.size
}

function probeIntake(): Intake {
  const event = { ...NO_CONTENTS.event, key: `probe ${randomUUID()}` }
  const delivery = { ...NO_CONTENTS.delivery, receivedAt: Date.now() }
  return { delivery, items: [{ event, tasks: [{ subscription: PROBE }] }] }
}

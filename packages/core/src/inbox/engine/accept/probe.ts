import { randomUUID } from 'node:crypto'
import type { BatchWork } from '../write/batch.ts'
import type { Intake } from '../../inbox.ts'
import type { EngineSide, Side } from '../parts.ts'
import { patchOf } from '../patch.ts'
import { eventOf, GONE } from '../row.ts'
import { chain, steps, wait, type Steps } from '../../../basics/maybe.ts'

interface Work extends BatchWork {
  readonly done: () => void
}

/** The subscription of probes: no receiver has one of this name, so that no process runs their tasks. */
export const PROBE = 'postern: a probe of health'

// Probes that one removes: its own, and those of processes that died between their two transactions.
const MOST = 100

/**
 * As `Port.probe`: a delivery that is accepted as any other, and a transaction that claims its task and forgets both. So it meets
 * what the next delivery would meet.
 */
export function createProbe(side: EngineSide, accept: Side['accept']): () => Promise<void> {
  const { store, writer, lanes, capacity, settings } = side
  // In the memory of this process there is nothing that a probe could find missing.
  if (store.alone) return () => Promise.resolve()
  const batch = writer.batch<Work>({
    rows: 1,
    bytes: Infinity,
    put: (works) => chain(steps(forget), () => () => works.forEach(({ done }) => done())),
    fault: (error) => (store.fault(error) === 'again' ? 'again' : 'all'),
  })
  return async () => {
    await accept(probeIntake(), {})
    await new Promise<void>((done, failed) => {
      batch.add({ bytes: 0, deadline: performance.now() + settings.deadline, done, failed })
    })
  }

  function* forget(): Steps<void> {
    const lane = lanes.find(PROBE)
    if (lane === undefined) return
    const token = side.token()
    const rows = yield* wait(store.claim([{ lane, room: MOST, now: MOST }], MOST, false, token))
    if (rows.length === 0) return
    const gone = rows.map((row) => patchOf({ ...row, token }, { state: GONE }))
    yield* wait(store.atomic(settings.deadline, (within) => within.patch(gone, 'held')))
    capacity.free(rows.length)
    yield* wait(store.drop?.(rows.map(({ id }) => eventOf(id))))
  }
}

function probeIntake(): Intake {
  const event = {
    key: `probe ${randomUUID()}`,
    id: undefined,
    topic: '',
    aliases: [],
    tenant: undefined,
    provider: '',
    payload: null,
    dedupe: true,
  }
  const receivedAt = Date.now()
  const delivery = { method: 'POST', url: '/', headers: [], body: new Uint8Array(0), receivedAt }
  return { delivery, items: [{ event, tasks: [{ subscription: PROBE }] }] }
}

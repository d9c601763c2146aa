import type { MaybePromise } from '../../../basics/maybe.ts'
import type { TaskFilter } from '../../view.ts'
import type { LaneRow } from '../row.ts'
import { chain } from '../steps.ts'
import type { Store } from '../store.ts'

/** Lanes of a store by number and by name. */
interface LaneNames {
  of(lane: number): LaneRow | undefined
  /** Lanes that a filter means; undefined for all. */
  wanted(filter: Pick<TaskFilter, 'receiver' | 'subscription'>): readonly number[] | undefined
}

/** Reads them. */
export function namesOf(store: Pick<Store, 'everyLane'>): MaybePromise<LaneNames> {
  return chain(store.everyLane(), (rows) => {
    const lanes = new Map(rows.map((row) => [row.lane, row]))
    return {
      of: (lane) => lanes.get(lane),
      wanted({ receiver, subscription }) {
        if (receiver === undefined && subscription === undefined) return undefined
        return rows
          .filter((row) => receiver === undefined || row.receiver === receiver)
          .filter((row) => subscription === undefined || row.name === subscription)
          .map(({ lane }) => lane)
      },
    }
  })
}

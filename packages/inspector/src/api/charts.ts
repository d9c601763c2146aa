import type { ActedRow } from './actions.ts'

export type ChartRange = '15m' | '1h' | '6h' | '24h' | '7d' | '30d'

/** The data of the charts. Each array has one value per step of `step` milliseconds, null if the value is unknown. */
export interface ChartsReply {
  readonly from: number
  readonly step: number
  /** Index of the last step that has ended. */
  readonly whole: number
  /** Number of deliveries per step, by outcome. The page shows them as rates. */
  readonly deliveries: Readonly<Record<string, readonly number[]>>
  readonly reply: { readonly p50: Values; readonly p99: Values }
  /** Durations of runs by subscription, which is named `receiver › subscription`. */
  readonly handlers: Readonly<
    Record<
      string,
      {
        readonly p50: Values
        readonly p99: Values
        /**
         * Number of tasks that `debounce` ended without a run, for each time step of the chart. Undefined if `debounce`
         * ended no task.
         */
        readonly skipped:
          | { readonly folded: readonly number[]; readonly stale: readonly number[] }
          | undefined
      }
    >
  >
  readonly tasks: {
    readonly pending: Values
    readonly running: Values
    readonly dead: Values
  }
  /** Actions of people and new versions of the app in this range: the newest 50 of each. */
  readonly marks: readonly (Pick<ActedRow, 'at' | 'what' | 'by' | 'count'> | DeployMark)[]
}

/** The time when a new version of the app was first seen running. */
export interface DeployMark {
  readonly what: 'deploy'
  readonly version: string
  readonly at: number
}

export type Values = readonly (number | null)[]

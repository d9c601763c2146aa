import type { ActedRow } from './actions.ts'

export type ChartRange = '15m' | '1h' | '6h' | '24h' | '7d' | '30d'

/** Series of the charts, one value per step; null if the value is unknown. */
export interface ChartsReply {
  readonly from: number
  readonly step: number
  /** The last step that is over. */
  readonly whole: number
  /** Deliveries per step by outcome: counts, which the page turns into rates. */
  readonly deliveries: Readonly<Record<string, readonly number[]>>
  readonly reply: { readonly p50: Values; readonly p99: Values }
  /** By subscription, as `receiver › subscription`. */
  readonly handlers: Readonly<
    Record<
      string,
      {
        readonly p50: Values
        readonly p99: Values
        /** Tasks that `debounce` ended without a run; undefined if there was none. */
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

/** A version of the app was first seen working. */
export interface DeployMark {
  readonly what: 'deploy'
  readonly version: string
  readonly at: number
}

export type Values = readonly (number | null)[]

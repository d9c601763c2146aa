export type ChartRange = '15m' | '1h' | '6h' | '24h' | '7d' | '30d'

/** Series for the charts, one value a step; undefined where nothing is known. */
export interface ChartsReply {
  readonly from: number
  readonly step: number
  /** Deliveries of each step by outcome: counts, of which the page makes rates. */
  readonly deliveries: Readonly<Record<string, readonly number[]>>
  readonly reply: { readonly p50: Values; readonly p99: Values }
  /** By subscription, as `receiver › subscription`. */
  readonly handlers: Readonly<Record<string, { readonly p50: Values; readonly p99: Values }>>
  readonly tasks: {
    readonly pending: Values
    readonly running: Values
    readonly dead: Values
  }
}

export type Values = readonly (number | null)[]

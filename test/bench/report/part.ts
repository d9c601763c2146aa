export interface Table {
  readonly title: string
  readonly note: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Figure with a bound that the page promises. */
export interface Target {
  readonly what: string
  readonly got: number
  /** Minimum, or maximum if `lower` is set. */
  readonly bound: number
  /** Better value to aim for. */
  readonly goal?: number
  readonly lower?: boolean
  /** A figure between `tie` and `bound` counts as a tie, because the benchmark cannot tell them apart. */
  readonly tie?: number
  /** @default 2 */
  readonly digits?: number
  readonly unit?: string
}

/** Picture with bars, or with lines over a logarithmic x axis. */
export type Picture =
  | {
      readonly kind: 'bars'
      readonly file: string
      readonly title: string
      readonly bars: readonly {
        readonly label: string
        readonly value: number
        readonly ours: boolean
      }[]
    }
  | {
      readonly kind: 'lines'
      readonly file: string
      readonly title: string
      readonly axes: readonly [x: string, y: string]
      readonly lines: readonly {
        readonly label: string
        readonly points: readonly (readonly [x: number, y: number])[]
      }[]
    }

export interface PartResult {
  readonly tables: readonly Table[]
  readonly targets: readonly Target[]
  readonly pictures?: readonly Picture[]
  /** Missing figures, and why they are missing. */
  readonly leftOut?: readonly string[]
}

export interface Effort {
  /** Measures briefly to check that everything works. The figures are rough. */
  readonly quick: boolean
  /** Measures only the HTTP subjects whose name contains this text. */
  readonly only?: string | undefined
}

/** Options of a part that needs Redis or PostgreSQL. */
export interface ServedEffort extends Effort {
  /** Environment variables with the services' URLs, for child processes. */
  readonly env: Readonly<Record<string, string>>
}

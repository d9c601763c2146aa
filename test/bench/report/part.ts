/** A table of the page. */
export interface Table {
  readonly title: string
  /** A sentence or two above it. */
  readonly note: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A promise the figures are held to. */
export interface Target {
  readonly what: string
  readonly got: number
  /** The bound that must be kept: at least, or at most if `lower` is set. */
  readonly bound: number
  /** The one to strive for. */
  readonly goal?: number
  readonly lower?: boolean
  /** From here to the bound it is a tie: closer than a benchmark of this kind can tell apart. */
  readonly tie?: number
  /** @default 2 */
  readonly digits?: number
  readonly unit?: string
}

/** A picture: bars, or lines over a logarithmic range. */
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
      /** What the values of x are, and the values of y. */
      readonly axes: readonly [x: string, y: string]
      readonly lines: readonly {
        readonly label: string
        readonly points: readonly (readonly [x: number, y: number])[]
      }[]
    }

/** What one part of the benchmark gives to the page. */
export interface PartResult {
  readonly tables: readonly Table[]
  readonly targets: readonly Target[]
  readonly pictures?: readonly Picture[]
  /** What is missing from the figures, and why. */
  readonly leftOut?: readonly string[]
}

/** How long parts measure. */
export interface Effort {
  /** A short run, to see that everything works: its figures are rough. */
  readonly quick: boolean
  /** Of the HTTP part, subjects whose name has this text. */
  readonly only?: string | undefined
}

/** The same for a part that stands on services. */
export interface ServedEffort extends Effort {
  /** Where they are, as variables for processes that are started. */
  readonly env: Readonly<Record<string, string>>
}

/** Stands for a credential in what is kept of a rejected delivery. */
export const MASK = '(masked)'

/** A body as it may be kept. */
export interface Masked {
  readonly bytes: Uint8Array
  /** Where values were masked: `field value[].clientState`, or `body` if nothing of it may be kept. */
  readonly masked: readonly string[]
}

/** A value to mask in a text, from one character to before another. */
export interface TextSpan {
  readonly from: number
  readonly to: number
  /** The path of its place. */
  readonly path: string
  /** What is there instead. */
  readonly mask: string
}

/** Spans of a text, and whether all of it could be read. */
export interface TextSpans {
  readonly spans: readonly TextSpan[]
  readonly isRead: boolean
}

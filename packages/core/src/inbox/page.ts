/** One page of a list. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  /** Where the next page starts; undefined at the end. */
  readonly cursor: string | undefined
  /** How far back the list was searched, in milliseconds since 1970; undefined at the end. */
  readonly searchedTo: number | undefined
}

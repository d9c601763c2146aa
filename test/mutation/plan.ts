/** The mutants that a run has chosen, in their order. */
export interface Plan {
  readonly order: readonly string[]
  /** How many there were to choose from. */
  readonly total: number
  readonly seed: number
}

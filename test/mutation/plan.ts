/** Mutants that a run has chosen, in their order. */
export interface Plan {
  readonly order: readonly string[]
  /** Number of mutants to choose from. */
  readonly total: number
  readonly seed: number
}

/** One write. All writes that wait in one turn of the event loop share one transaction, and so one sync of the disk. */
export interface Work {
  /** Bytes it writes, roughly. */
  readonly bytes: number
  /** When waiting is over, on the clock of `performance.now()`. @default never */
  readonly deadline?: number
  /** Writes. Called again, alone, if the transaction it shared was rolled back because of another. */
  run(): void
  /** It is stored. */
  done(): void
  /** The writes of `run` were rolled back: another try may follow. */
  undo?(): void
  /** It is not stored and will not be. */
  failed(error: Error): void
}

/** A cache of written rows. */
export interface Kept {
  /** Makes the remaining writes, before the commit. */
  store(): void
  stored(): void
  /** It was rolled back. */
  forget(): void
}

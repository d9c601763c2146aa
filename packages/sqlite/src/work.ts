/** Something to write. All that waits in one turn of the event loop shares one transaction, and so one sync of the disk. */
export interface Work {
  /** Bytes it writes, roughly. */
  readonly bytes: number
  /** When waiting is over, on the clock of `performance.now()`. @default never */
  readonly deadline?: number
  /** Writes. Called again, alone, if the transaction it shared was rolled back because of another. */
  run(): void
  /** It is stored. */
  done(): void
  /** What `run` wrote is undone: another try may follow. */
  undo?(): void
  /** It is not stored and will not be. */
  failed(error: Error): void
}

/** What is kept in memory of what transactions write. */
export interface Kept {
  /** Writes what is still to be written, before the commit. */
  store(): void
  stored(): void
  /** It was rolled back. */
  forget(): void
}

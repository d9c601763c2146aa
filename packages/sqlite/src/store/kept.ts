/** A cache of rows that are written together, at the end of a transaction. */
export interface RowCache {
  /** Makes the remaining writes, before the commit. */
  store(): void
  stored(): void
  /** It was rolled back. */
  forget(): void
}

/** Adds values to a statement. Each method returns the SQL text for its value. */
export interface ScanValues {
  readonly text: (value: string) => string
  readonly whole: (value: number) => string
  readonly number: (value: number) => string
  /** Returns a condition that is true if the column has one of these values. */
  readonly among: (column: string, values: readonly number[]) => string
}

/** Runs the statement that `write` returns, with the values that it added to `values`. */
export type ScanRun = <Row>(
  write: (values: ScanValues) => string | Promise<string>,
) => Promise<readonly Row[]>

/** More kinds of values, for database servers. */
export interface SqlValues extends ScanValues {
  readonly bytes: (value: Uint8Array) => string
  /** `hash` is a value of `hashOf`, in hexadecimal. */
  readonly hash: (hash: string) => string
  readonly startsWith: (column: string, prefix: string) => string
  readonly amongTexts: (column: string, values: readonly string[]) => string
  readonly amongHashes: (column: string, hashes: readonly string[]) => string
}

/** Writes a statement, in which `$.` is replaced by the schema or database of the tables. */
export type WriteSql = (values: SqlValues) => string | Promise<string>

/** Runs the statements that are the same on all database servers. */
export interface TableSql {
  /** Runs a query. Some drivers return large numbers as text. Columns with bytes must be named `bytes` or `body`. */
  readonly rows: <Row>(write: WriteSql) => Promise<readonly Row[]>
  /** Runs an UPDATE, and returns the number of changed rows. */
  readonly change: (write: WriteSql) => Promise<number>
  /** Adds a row unless its key exists. */
  readonly add: (table: string, columns: readonly string[], write: WriteSql) => Promise<unknown>
  /** Deletes rows, and returns their number. `where` calls the table `r`, and `index` is the index to use. */
  readonly drop: (table: string, where: WriteSql, index?: string) => Promise<number>
  /** Returns the SQL that names the table `r` and selects the index for reading. @default the primary key */
  readonly from: (table: string, index?: string) => string
}

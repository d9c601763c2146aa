/**
 * The published API description of a sender, reduced to the used operations. A fake checks requests by this
 * description.
 */
export interface Description {
  /** The package from which it was extracted, with version and file. */
  readonly source: string
  readonly licence: string
  /** Operations by method and path template, such as `GET /v1/webhook_endpoints`. */
  readonly operations: Readonly<Record<string, Operation>>
  readonly schemas: Readonly<Record<string, Schema>>
}

export interface Operation {
  readonly query?: Schema
  readonly body?: Schema
  /** True if the body is a form. */
  readonly form?: true
  /** Schemas by status. Absent if the description has none, or if they are too large to keep. */
  readonly answers?: Readonly<Record<string, Schema>>
}

export type Schema = Readonly<Record<string, unknown>>

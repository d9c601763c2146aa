/** The published description of a sender, cut to the used operations: a fake checks requests by it. */
export interface Description {
  /** The package it was cut from, with its version and file. */
  readonly source: string
  readonly licence: string
  /** By method and path template: `GET /v1/webhook_endpoints`. */
  readonly operations: Readonly<Record<string, Operation>>
  readonly schemas: Readonly<Record<string, Schema>>
}

export interface Operation {
  readonly query?: Schema
  readonly body?: Schema
  /** Whether the body is a form. */
  readonly form?: true
  /** By status. Absent: the description does not say, or says it at a length that is not kept. */
  readonly answers?: Readonly<Record<string, Schema>>
}

export type Schema = Readonly<Record<string, unknown>>

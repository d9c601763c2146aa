// Schemas for senders that publish only the types of a library.
import type { Description, Operation, Schema } from '../descriptions/description.ts'

export const string: Schema = { type: 'string' }
export const boolean: Schema = { type: 'boolean' }
export const number: Schema = { type: 'number' }
export const strings: Schema = { type: 'array', items: string, minItems: 1 }

/** An object with these members and no other; names that end in `?` may be missing. */
export function object(members: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(members)
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name.replace('?', ''), members[name]])),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  }
}

/** An enum of strings. */
export function oneOf(...values: readonly string[]): Schema {
  return { enum: values }
}

/** A description of operations whose query is empty unless it says otherwise. */
export function described(
  source: string,
  licence: string,
  operations: Readonly<Record<string, Operation>>,
): Description {
  const entries = Object.entries(operations).map(([key, operation]) => [
    key,
    { query: object({}), ...operation },
  ])
  return {
    source,
    licence,
    operations: Object.fromEntries(entries) as Description['operations'],
    schemas: {},
  }
}

/** Rejects what has not the token. */
export function bearer(token: string, json: unknown) {
  return ({ authorization }: { readonly authorization?: string | undefined }) =>
    authorization === `Bearer ${token}` ? undefined : { status: 401, json }
}

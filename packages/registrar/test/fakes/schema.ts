// Schemas for senders that publish only the types of a library.
import type { Operation, Schema } from '../descriptions/description.ts'
import type { FakeSpec } from './fake.ts'

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

type Route = FakeSpec['routes'][string]

/** Returns a description of operations, and their routes. If an operation describes no query, it must be empty. */
export function described(
  source: string,
  licence: string,
  operations: Readonly<Record<string, Route | (Operation & { readonly answer: Route })>>,
): Pick<FakeSpec, 'description' | 'routes'> {
  const described: Record<string, Operation> = {}
  const routes: Record<string, Route> = {}
  for (const [key, given] of Object.entries(operations)) {
    const { answer, ...operation } = typeof given === 'function' ? { answer: given } : given
    described[key] = { query: object({}), ...operation }
    routes[key] = answer
  }
  return { description: { source, licence, operations: described, schemas: {} }, routes }
}

/** Rejects requests without this token. */
export function bearer(token: string, json: unknown) {
  return ({ authorization }: { readonly authorization?: string | undefined }) =>
    authorization === `Bearer ${token}` ? undefined : { status: 401, json }
}

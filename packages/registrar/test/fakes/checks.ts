import { Ajv, type ValidateFunction } from 'ajv'
import type { Description, Schema } from '../descriptions/description.ts'

export interface Checks {
  /** The reason why a value is invalid, or undefined. Values of forms and queries are strings, so `coerce` turns them. */
  check(schema: Schema, value: unknown, coerce: boolean): string | undefined
}

export function createChecks({ schemas }: Description): Checks {
  const make = (coerceTypes: false | 'array'): Ajv =>
    new Ajv({ strict: false, validateFormats: false, allErrors: true, coerceTypes })
  const plain = make(false)
  const lenient = make('array')
  const known = new Map<Schema, ValidateFunction>()
  return {
    check(schema, value, coerce) {
      const ajv = coerce ? lenient : plain
      let validate = known.get(schema)
      if (validate === undefined)
        known.set(schema, (validate = ajv.compile({ ...schema, schemas })))
      // Coercion writes into the value, which the route must see as it came.
      const copy = structuredClone(value)
      return validate(copy) ? undefined : ajv.errorsText(validate.errors)
    },
  }
}

import { Ajv, type ValidateFunction } from 'ajv'
import type { Description, Schema } from '../descriptions/description.ts'

export interface Checks {
  /**
   * Returns the reason why a value is invalid, or undefined. `coerce` converts strings, since forms and queries have
   * only strings.
   */
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
      // Coercion changes the value, but the route must see the original.
      const copy = structuredClone(value)
      return validate(copy) ? undefined : ajv.errorsText(validate.errors)
    },
  }
}

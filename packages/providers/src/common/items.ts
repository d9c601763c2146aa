import { WebhookError } from '@postern/core'
import { field } from './read.ts'

/** The members of an array inside the payload. Throws `unidentified` where there is no array of that name. */
export function items(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name)
  if (!Array.isArray(found))
    throw new WebhookError('unidentified', `the payload has no array ${name}, so it is no delivery`)
  return found
}

import { WebhookError } from '@postern/core'

/** A member of an object, or undefined where the value is no object or has no such member of its own. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** A member that is a text and not empty, else undefined. */
export function text(value: unknown, name: string): string | undefined {
  const found = field(value, name)
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** A member that must be there as a text. Throws `unidentified` naming it. */
export function needed(value: unknown, name: string): string {
  const found = text(value, name)
  if (found === undefined)
    throw new WebhookError('unidentified', `the payload has no ${name}, so it is no whole event`)
  return found
}

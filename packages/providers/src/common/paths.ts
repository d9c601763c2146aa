import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { member } from './read.ts'

/** Returns the members at the paths, joined with `between`. Returns undefined if a member is missing. */
export function membersAt(
  value: unknown,
  path: string | readonly string[],
  between: string,
): string | undefined {
  const parts = [path].flat().map((one) => member(value, one))
  return parts.includes(undefined) ? undefined : parts.join(between)
}

/** The inverse of {@link membersAt}: splits the text at `between`, and returns an object with one part at each path. */
export function placedAt(text: string, path: string | readonly string[], between: string): object {
  const paths = [path].flat()
  const parts = text.split(between)
  // If the text has more parts than there are paths, the last path gets the rest.
  const taken = [...parts.slice(0, paths.length - 1), parts.slice(paths.length - 1).join(between)]
  return taken.reduce<object>((all, part, at) => mergeDeep(all, nested(paths[at]!, part)), {})
}

/** Returns an object with the value at a path, such as `data.id`. In `items.0.id`, the `0` makes a list of one item. */
export function nested(path: string, value: unknown): object {
  const names = path === '' ? [] : path.split('.')
  return names.reduceRight<unknown>(
    (inner, name) => (name === '0' ? [inner] : { [name]: inner }),
    value,
  ) as object
}

export function sampleJson(sample: object, payload: unknown): string {
  return stringifyJson(mergeDeep(sample, payload))
}

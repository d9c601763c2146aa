import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { member } from './read.ts'

/** The members at a path, or at several paths, as one text; undefined if one of them is missing. */
export function membersAt(
  value: unknown,
  path: string | readonly string[],
  between: string,
): string | undefined {
  const parts = [path].flat().map((one) => member(value, one))
  return parts.includes(undefined) ? undefined : parts.join(between)
}

/** The inverse of {@link membersAt}: an object with the text at a path, or with its parts at several paths. */
export function placedAt(text: string, path: string | readonly string[], between: string): object {
  const paths = [path].flat()
  const parts = text.split(between)
  // The last path gets the rest of the text.
  const taken = [...parts.slice(0, paths.length - 1), parts.slice(paths.length - 1).join(between)]
  return taken.reduce<object>((all, part, at) => mergeDeep(all, nested(paths[at]!, part)), {})
}

/** An object with a value at a path: `data.id`, or `notifications.0.trigger` with a list of one. */
export function nested(path: string, value: unknown): object {
  const names = path === '' ? [] : path.split('.')
  return names.reduceRight<unknown>(
    (inner, name) => (name === '0' ? [inner] : { [name]: inner }),
    value,
  ) as object
}

/** The JSON of a sample with the payload of a draft laid over it, for `sign`. */
export function sampleJson(sample: object, payload: unknown): string {
  return stringifyJson(mergeDeep(sample, payload))
}

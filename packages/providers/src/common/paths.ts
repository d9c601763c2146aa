import { mergeDeep } from '@postern/core/internal'
import { member } from './read.ts'

/** One text of the members at a path, or at several, joined; undefined if one of them is missing. */
export function membersAt(
  value: unknown,
  path: string | readonly string[],
  between: string,
): string | undefined {
  const parts = [path].flat().map((one) => member(value, one))
  return parts.includes(undefined) ? undefined : parts.join(between)
}

/** The object that has a text at a path, or its parts at several: what {@link membersAt} reads. */
export function placedAt(text: string, path: string | readonly string[], between: string): object {
  const paths = [path].flat()
  const parts = text.split(between)
  // The last part takes all that is left.
  const taken = [...parts.slice(0, paths.length - 1), parts.slice(paths.length - 1).join(between)]
  return taken.reduce<object>((all, part, at) => mergeDeep(all, nested(paths[at]!, part)), {})
}

/** A value at a path: `data.id` in objects, `notifications.0.trigger` in a list of one. */
export function nested(path: string, value: unknown): object {
  const names = path === '' ? [] : path.split('.')
  return names.reduceRight<unknown>(
    (inner, name) => (name === '0' ? [inner] : { [name]: inner }),
    value,
  ) as object
}

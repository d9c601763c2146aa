import { mergeDeep } from '@postern/core/internal'
import { Failure } from '../print/say.ts'
import { readRegular } from '../request/regular-file.ts'

export interface PayloadOptions {
  readonly data?: string
  readonly set?: readonly string[]
}

export async function payloadOf({ data, set = [] }: PayloadOptions): Promise<unknown> {
  const own = data === undefined ? undefined : jsonOf(textOf(data))
  if (set.length === 0) return own
  const changes = set.map((one) => {
    const [, path, value] = /^([^=]+)=(.*)$/s.exec(one) ?? []
    if (path === undefined) throw new Failure(2, `--set must be a.b=value, got ${one}`)
    return [path.split('.'), valueOf(value!)] as const
  })
  if (own !== undefined && (typeof own !== 'object' || own === null))
    throw new Failure(2, '--set needs an object or a list in --data, to set a member of it')
  return (sampled: object) => {
    const payload = own === undefined ? sampled : mergeDeep(sampled, own)
    return changes.reduce<unknown>((all, [path, value]) => withMember(all, path, value), payload)
  }
}

function textOf(data: string): string {
  return data.startsWith('@')
    ? readRegular(data.slice(1), `--data: ${data.slice(1)}`).toString()
    : data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Failure(2, `--data must be JSON, or @file: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/**
 * Returns a copy with the member at a path set. In a list, a number is the position of an item, or of a new item at the
 * end.
 */
function withMember(
  target: unknown,
  [first, ...rest]: readonly string[],
  value: unknown,
  path = '',
): unknown {
  if (first === undefined) return value
  const isIndex = /^\d+$/.test(first)
  const place = path === '' ? first : `${path}.${first}`
  if (Array.isArray(target) || (target === undefined && first === '0')) {
    const items: readonly unknown[] = Array.isArray(target) ? target : []
    if (!isIndex || Number(first) > items.length)
      throw new Failure(
        2,
        `--set ${place}: ${path || 'the payload'} is a list of ${items.length}; give an index from 0 to ${items.length}`,
      )
    return Number(first) === items.length
      ? [...items, withMember(undefined, rest, value, place)]
      : items.with(Number(first), withMember(items[Number(first)], rest, value, place))
  }
  const own = typeof target === 'object' && target !== null ? Object.entries(target) : []
  const members = new Map<string, unknown>(own)
  members.set(first, withMember(members.get(first), rest, value, place))
  // Assigning to a member named __proto__ would change the prototype.
  return Object.fromEntries(members)
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

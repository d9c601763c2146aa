import { stringifyJson } from '../body/json.ts'
import { toBuffer } from '../body/bytes.ts'
import type { Draft } from './provider.ts'
import type { SignableRequest } from './scheme.ts'

/** The request parts that contain topic, id and payload. Header names may be in any case. */
export interface Composed {
  readonly method?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** Creates the unsigned request for a draft. The draft's own body, headers and method replace the composed parts. */
export function draftRequest(draft: Draft, composed: Composed): SignableRequest {
  const body =
    draft.body ?? composed.body ?? (draft.payload === undefined ? '' : stringifyJson(draft.payload))
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  for (const lines of [composed.headers, draft.headers]) {
    for (const [name, value] of Object.entries(lines ?? {})) headers[name.toLowerCase()] = value
  }
  return {
    method: draft.method ?? composed.method ?? 'POST',
    url: composed.url ?? draft.url ?? 'https://example.com/webhooks',
    headers,
    body: toBuffer(body) as Uint8Array<ArrayBuffer>,
  }
}

/**
 * Merges `changes` into a copy of `base`. Plain objects are merged member by member; any other value replaces the value
 * in `base`. If `changes` is `undefined`, returns `base`.
 *
 * @example
 * mergeDeep({ event: { type: 'message', text: '' } }, { event: { text: 'hi' } }) // keeps event.type
 */
export function mergeDeep<Base extends object>(base: Base, changes: unknown): Base {
  if (changes === undefined) return base
  return (isPlain(base) && isPlain(changes) ? merged(base, changes) : changes) as Base
}

function merged(base: object, changes: object): object {
  const members = new Map<string, unknown>(Object.entries(base))
  for (const [name, value] of Object.entries(changes)) {
    const own = members.get(name)
    members.set(name, isPlain(own) && isPlain(value) ? merged(own, value) : value)
  }
  // Object.fromEntries keeps a member named __proto__; an assignment would change the prototype instead.
  return Object.fromEntries(members)
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

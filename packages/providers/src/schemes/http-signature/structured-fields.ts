import { Buffer } from 'node:buffer'
import { type Delivery } from '@postern/core'
import { malformed, singleHeader, peer, type Peer } from '@postern/core/internal'

/** The functions of the package `structured-headers` (RFC 9651) that this code uses. */
export interface StructuredFields {
  parseDictionary(text: string): ReadonlyMap<string, unknown>
  serializeItem(item: never): string
  serializeInnerList(list: never): string
  serializeDictionary(dictionary: never): string
}

export const structuredFields: Peer<StructuredFields> = peer(
  'structured-headers',
  async () => {
    // Bundlers accept an optional package that they cannot resolve only if its import is inside `try`.
    try {
      return await import('structured-headers')
    } catch (cause) {
      throw new Error('structured-headers cannot be loaded', { cause })
    }
  },
  { from: import.meta.url, within: '@postern/providers' },
)

export type FieldItem = readonly [value: unknown, parameters: ReadonlyMap<string, unknown>]

/** Reads all lines of a header. A repeated key is rejected, because the sender may mean either value. */
export function dictionary(
  sf: StructuredFields,
  delivery: Delivery,
  header: string,
  rewrite: (text: string) => string = (text) => text,
): ReadonlyMap<string, FieldItem> {
  const lines = delivery.headers(header)
  const text = lines.length > 1 ? lines.join(', ') : singleHeader(delivery, header)
  const keys = topLevelKeys(text)
  if (new Set(keys).size !== keys.length)
    throw malformed({ header }, 'a dictionary of distinct labels')
  try {
    return sf.parseDictionary(rewrite(text)) as ReadonlyMap<string, FieldItem>
  } catch {
    throw malformed({ header }, 'a dictionary of structured fields (RFC 9651)')
  }
}

export function bytesAsBase64(value: unknown): string | undefined {
  return value instanceof ArrayBuffer ? Buffer.from(value).toString('base64') : undefined
}

function topLevelKeys(text: string): string[] {
  const keys: string[] = []
  let start = 0
  let depth = 0
  let quoted = false
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (quoted && character !== undefined) continue
    else if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === undefined || (character === ',' && depth === 0)) {
      keys.push(/^[^=;]*/.exec(text.slice(start, at))![0].trim())
      start = at + 1
    }
  }
  return keys
}

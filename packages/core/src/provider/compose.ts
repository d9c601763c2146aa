import { stringifyJson } from '../body/json.ts'
import { toBuffer } from '../body/bytes.ts'
import type { Draft } from './provider.ts'
import type { SignableRequest } from './scheme.ts'

/** Where a provider puts topic, id and payload. Header names in any case. */
export interface Composed {
  readonly method?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** The request of a draft, before it is signed. Members of the draft win. */
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

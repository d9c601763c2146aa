import type { Json } from '../delivery.ts'
import type { HeaderLines } from '../basics/header-lines.ts'
import type { Host } from '../inbox/inbox.ts'

/** Options of one fetch request, from its host. */
export interface FetchHost extends Host {
  /** A small JSON value kept with the events (`event.context`), or a function that reads it off the request. */
  readonly context?: Json | ((request: Request) => Json | undefined) | undefined
  /** The URL the sender used, or a function that reads it off the request; give it if a proxy changed it. @default request.url */
  readonly url?: string | ((request: Request) => string) | undefined
  /** The exact bytes; give them if the host has read the body. */
  readonly body?: Uint8Array | undefined
  /** The header lines; give them if the host keeps repeated headers apart, which `Headers` joins. @default request.headers */
  readonly headers?: HeaderLines | undefined
}

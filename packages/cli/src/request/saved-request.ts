import type { DeliveryInit } from '@postern/core'
import type { KeptRequest } from '@postern/core/inbox'

/** A saved request, and its time of arrival if the file has it. */
export interface SavedRequest {
  readonly delivery: DeliveryInit & Pick<KeptRequest, 'masked'>
  readonly receivedAt: number | undefined
}

/** Reads a file that a request names; `what` names it in errors. */
export type ReadFile = (path: string, what: string) => Uint8Array

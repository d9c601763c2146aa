import { isSuspect } from '@postern/core/inbox'

/** May run when it is due. */
export const READY = 0
/** Another open task of its order key goes first. */
export const BEHIND = 1
/** Interrupted too often: runs alone. */
export const SUSPECT = 2
/** Not due yet, in a lane that takes tenants in turns. */
const LATER = 3

/** The gate of a pending task that no other task of its order key holds up. */
export function gateOf(cut: number, tenant: number, due: number, now: number): number {
  if (isSuspect({ cut })) return SUSPECT
  return tenant !== 0 && due > now ? LATER : READY
}

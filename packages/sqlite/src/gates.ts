import { isSuspect } from '@postern/core/inbox'

/** May run when it is due. */
export const READY = 0
/** Another open task of its order key goes first. */
export const BEHIND = 1
/** Interrupted too often: runs alone. */
export const SUSPECT = 2
/** Holds no turn of its tenant: it takes the next one when it is due. */
export const LATER = 3

/** The gate of a task that is pending again, and that no other task of its order key holds up. */
export function gateOf(cut: number, tenant: number): number {
  if (isSuspect({ cut })) return SUSPECT
  return tenant === 0 ? READY : LATER
}

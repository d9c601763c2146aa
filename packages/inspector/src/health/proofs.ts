import type { RejectedGroup } from '../api/health.ts'

/** The cause of a burst of rejections, and a delivery that shows the cause. */
export type Proof = Pick<RejectedGroup, 'proven' | 'likely' | 'remedy' | 'explain'>

/**
 * Known proofs. Keys are `[receiver, code]` as JSON. `newest` is the id of the newest rejection when the proof was
 * made.
 */
export type Proofs = Map<string, { readonly newest: string; readonly proof: Proof }>

const MOST = 1000

export function keepProof(
  proofs: Proofs,
  key: readonly [receiver: string, code: string],
  known: { readonly newest: string; readonly proof: Proof },
): void {
  if (proofs.size >= MOST) proofs.clear()
  proofs.set(JSON.stringify(key), known)
}

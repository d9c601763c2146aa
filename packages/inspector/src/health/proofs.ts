import type { RejectedGroup } from '../api/health.ts'

/** What is known of rejections without a click: what their newest kept body proves, and which delivery that is. */
export type Proof = Pick<RejectedGroup, 'proven' | 'likely' | 'remedy' | 'explain'>

/** Known proofs, by `[receiver, code]` as JSON, with the newest rejection that was there then. */
export type Proofs = Map<string, { readonly newest: string; readonly proof: Proof }>

const MOST = 1000

/** Remembers a proof for all viewers. */
export function keepProof(
  proofs: Proofs,
  key: readonly [receiver: string, code: string],
  known: { readonly newest: string; readonly proof: Proof },
): void {
  if (proofs.size >= MOST) proofs.clear()
  proofs.set(JSON.stringify(key), known)
}

import type { RejectedGroup } from '../api/health.ts'

/** The proven causes of rejections, each with the delivery that proves it. Reading them needs no click. */
export type Proof = Pick<RejectedGroup, 'proven' | 'likely' | 'remedy' | 'explain'>

/** Known proofs, by `[receiver, code]` as JSON, each with the newest rejection at that time. */
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

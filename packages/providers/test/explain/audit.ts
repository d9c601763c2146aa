import { explain, type Explanation } from '@postern/core/explain'
import type { Sealed } from './sealed.ts'
import { clean, type Spoil, type Spoilt } from './spoils/spoil.ts'

/** The result of `explain` for one delivery and one spoil. */
export interface Cell {
  readonly accepted: boolean
  /**
   * True if the first finding has the true cause, and is proven unless information was lost. Also true if the delivery
   * is accepted without a finding.
   */
  readonly right: boolean
  readonly ms: number
  readonly said: string
}

// A busy machine must not end a search that would find a proof. If nothing can be proven, a short search is enough.
const PATIENT = 60_000
const SHORT = 200

/** Applies a spoil to a delivery, and explains the result. Returns undefined if the spoil does not apply. */
export async function audited(spoil: Spoil, sealed: Sealed): Promise<Cell | undefined> {
  const spoilt = spoil.apply(clean(sealed), sealed)
  if (!spoilt) return undefined
  const loses = spoil.loses === true || spoilt.lost === true
  const found = await explained(spoilt, loses ? SHORT : PATIENT)
  const [first] = found.findings
  const accepted = found.verdict === 'accepted'
  return {
    accepted,
    right:
      saysNoSecret(found, sealed, spoilt) &&
      (accepted
        ? first === undefined
        : (first?.cause === spoil.cause && (loses || first.certainty === 'proven')) ||
          (spoilt.lost === true && first !== undefined && first.certainty !== 'proven')),
    ms: found.stats.ms,
    said: `${sealed.sender} ${spoil.name}: ${found.code} → ${first?.certainty} ${first?.cause}, ${found.stats.attempts} attempts in ${found.stats.ms} ms`,
  }
}

/** Explains a spoilt delivery, at the time of its arrival. */
export function explained(
  { request, provider, now }: Spoilt,
  ms = PATIENT,
  attempts?: number,
): Promise<Explanation> {
  return explain(request, provider, {
    now: () => now,
    ms,
    ...(attempts !== undefined && { attempts }),
  })
}

/** Returns true if the explanation has no secret, neither the app's nor the sender's. */
export function saysNoSecret(found: Explanation, sealed: Sealed, spoilt: Spoilt): boolean {
  const said = JSON.stringify(found)
  return [sealed.secret, spoilt.secret, sealed.other].every((secret) => !said.includes(secret))
}

/** Returns a summary of the search times. */
export function timesOf(cells: readonly Cell[]): string {
  const times = cells
    .filter(({ accepted }) => !accepted)
    .map(({ ms }) => ms)
    .toSorted((a, b) => a - b)
  const at = (part: number): number | undefined => times[Math.floor((times.length - 1) * part)]
  const wrong = cells.filter(({ right }) => !right).length
  return `${times.length} rejected, ${wrong} wrong; p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms`
}

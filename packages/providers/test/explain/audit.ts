import { explain, type Explanation } from '@postern/core/explain'
import type { Sealed } from './sealed.ts'
import { clean, type Spoil, type Spoilt } from './spoils/spoil.ts'

/** The result of one spoil of one delivery. */
export interface Cell {
  readonly accepted: boolean
  /** True if the true cause is first, and proven unless it loses information; or nothing is said of what is accepted. */
  readonly right: boolean
  readonly ms: number
  readonly said: string
}

// A busy machine must not end a search that would have found its proof; if nothing can be proven, no long one is worth it.
const PATIENT = 60_000
const SHORT = 200

/** Spoils a delivery and has it explained. Undefined if this cannot happen to it. */
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

/** Explains what was spoilt, at the time it came. */
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

/** True if nothing that is said holds a secret, as it was given or as the sender has it. */
export function saysNoSecret(found: Explanation, sealed: Sealed, spoilt: Spoilt): boolean {
  const said = JSON.stringify(found)
  return [sealed.secret, spoilt.secret, sealed.other].every((secret) => !said.includes(secret))
}

/** The times of the cells as text. */
export function timesOf(cells: readonly Cell[]): string {
  const times = cells
    .filter(({ accepted }) => !accepted)
    .map(({ ms }) => ms)
    .toSorted((a, b) => a - b)
  const at = (part: number): number | undefined => times[Math.floor((times.length - 1) * part)]
  const wrong = cells.filter(({ right }) => !right).length
  return `${times.length} rejected, ${wrong} wrong; p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms`
}

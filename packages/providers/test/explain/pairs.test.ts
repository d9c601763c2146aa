import { explain, type Cause } from '@postern/core/explain'
import { expect, test } from 'vitest'
import { sealedOf } from './sealed.ts'
import { clean, type Spoil } from './spoil.ts'
import { SPOILS } from './spoils.ts'

const SENDERS = new Set(['stripe', 'github', 'slack', 'svix', 'square', 'hubspot'])
// All pairs take 6 minutes: POSTERN_PAIRS=1 runs them all.
const EVERY = Number(process.env['POSTERN_PAIRS'] ?? 61)

test('two spoils are named, or undone by one smaller change, and none is proven wrongly', async () => {
  const counts = { named: 0, smaller: 0, likely: 0 }
  const wrong: string[] = []
  const missed: string[] = []
  const times: number[] = []
  let at = 0
  for (const sealed of sealedOf().filter(({ sender }) => SENDERS.has(sender)))
    for (const [one, other] of pairs()) {
      if (at++ % EVERY !== 0) continue
      const first = one.apply(clean(sealed), sealed)
      const second = first && other.apply(first, sealed)
      if (!second) continue
      const { now } = second
      const found = await explain(second.request, second.provider, { now: () => now, ms: 3000 })
      if (found.verdict === 'accepted') continue
      times.push(found.stats.ms)
      const proven = found.findings
        .filter(({ certainty }) => certainty === 'proven')
        .map(({ cause }) => cause)
      const wanted = new Set<Cause>([one.cause, other.cause])
      const pair = `${sealed.sender}: ${one.name} × ${other.name} → ${proven.join(' + ') || found.findings[0]?.cause}`
      if (proven.length === 0) {
        counts.likely++
        missed.push(pair)
      } else if (proven.length === wanted.size && proven.every((cause) => wanted.has(cause)))
        counts.named++
      else if (proven.length === 1) counts.smaller++
      else wrong.push(pair)
    }
  const all = counts.named + counts.smaller + counts.likely + wrong.length
  const slow = times.toSorted((a, b) => a - b)
  console.log(
    `${all} pairs: ${JSON.stringify(counts)}, otherwise ${wrong.length}; p50 ${slow[all >> 1]} ms, p90 ${slow[Math.floor(all * 0.9)]} ms`,
  )
  if (EVERY === 1) console.log([...wrong, ...missed].join('\n'))
  expect(wrong).toEqual([])
  expect((counts.named + counts.smaller) / all, [...wrong, ...missed].join('\n')).toBeGreaterThan(
    0.9,
  )
}, 600_000)

/** Pairs that lose no information, each in the order in which they happen on the way. */
function pairs(): readonly (readonly [Spoil, Spoil])[] {
  const kept = SPOILS.filter(({ loses }) => !loses)
  return kept.flatMap((one, at) =>
    kept
      .slice(at + 1)
      .filter(({ cause }) => cause !== one.cause)
      .map((other) => [one, other] as const),
  )
}

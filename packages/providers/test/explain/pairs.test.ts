// Takes 8 s.
import type { FindingCause } from '@postern/core/explain'
import { expect, test } from 'vitest'
import { explained, saysNoSecret } from './audit.ts'
import { drawn, type Drawn } from './deliveries.ts'
import { randomOf } from './random.ts'
import { clean, type Spoil, type Spoilt } from './spoils/spoil.ts'
import { SPOILS } from './spoils/spoils.ts'

// POSTERN_PAIRS=20 draws twenty pairs of spoils for each sender.
const EACH = Number(process.env['POSTERN_PAIRS'] ?? 1)
// Maximum number of draws per pair. If a pair does not apply to the delivery, another one is drawn.
const TRIES = 40

const KEPT = SPOILS.filter(({ loses }) => !loses)

test('two spoils are named, or undone by one smaller change, and none is proven wrongly', async () => {
  const counts = { named: 0, smaller: 0, missed: 0, wrong: 0 }
  const others: string[] = []
  const times: number[] = []
  for (const one of drawn('pairs'))
    for await (const { pair, spoilt } of pairsOf(one)) {
      const found = await explained(spoilt)
      if (found.verdict === 'accepted') continue
      expect(saysNoSecret(found, one.sealed, spoilt), pair.map(({ name }) => name).join()).toBe(
        true,
      )
      times.push(found.stats.ms)
      const proven = found.findings
        .filter(({ certainty }) => certainty === 'proven')
        .map(({ cause }) => cause)
      const kind = kindOf(pair, proven)
      counts[kind]++
      const names = pair.map(({ name, cause }) => `${cause} (${name})`).join(' × ')
      if (kind !== 'named')
        others.push(
          `${kind}, ${one.sealed.sender}, ${one.content}: ${names} → ${proven.join(' + ')}`,
        )
    }
  const slow = times.toSorted((a, b) => a - b)
  const all = slow.length
  console.log(
    `${all} pairs: ${JSON.stringify(counts)}; p50 ${slow[all >> 1]} ms, p90 ${slow[Math.floor(all * 0.9)]} ms\n${others.join('\n')}`,
  )
  expect(counts.wrong, others.join('\n')).toBe(0)
  expect((counts.named + counts.smaller) / all).toBeGreaterThan(0.95)
  expect(counts.named / all).toBeGreaterThan(0.9)
}, 3_600_000)

interface Drawing {
  readonly pair: readonly [Spoil, Spoil]
  readonly spoilt: Spoilt
}

/**
 * Draws pairs of spoils with different causes that lose no information. Each pair is in the order in which its spoils
 * happen.
 */
async function* pairsOf({ sealed }: Drawn): AsyncGenerator<Drawing> {
  const random = randomOf(`pairs of ${sealed.sender}`)
  const rejects = async (spoilt: Spoilt | undefined): Promise<boolean> =>
    spoilt !== undefined && !spoilt.lost && (await explained(spoilt, 1)).verdict === 'rejected'
  let drawings = 0
  for (let tries = 0; tries < TRIES * EACH && drawings < EACH; tries++) {
    const [first, last] = [random(KEPT.length), random(KEPT.length)].toSorted((a, b) => a - b)
    const pair = [KEPT[first!]!, KEPT[last!]!] as const
    if (pair[0].cause === pair[1].cause) continue
    // Each spoil alone must cause a rejection, since a change without effect cannot be found.
    const one = pair[0].apply(clean(sealed), sealed)
    if (!(await rejects(one)) || !(await rejects(pair[1].apply(clean(sealed), sealed)))) continue
    const spoilt = pair[1].apply(one!, sealed)
    if (!spoilt || spoilt.lost) continue
    drawings++
    yield { pair, spoilt }
  }
}

function kindOf(
  pair: readonly [Spoil, Spoil],
  proven: readonly FindingCause[],
): 'named' | 'smaller' | 'missed' | 'wrong' {
  const wanted = new Set(pair.map(({ cause }) => cause))
  if (proven.length === 0) return 'missed'
  if (proven.length === wanted.size && proven.every((cause) => wanted.has(cause))) return 'named'
  return proven.length === 1 ? 'smaller' : 'wrong'
}

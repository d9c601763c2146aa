// Takes 5 s.
import { describe, expect, test } from 'vitest'
import { audited, explained, timesOf, type Cell } from './audit.ts'
import { drawn } from './deliveries.ts'
import { clean } from './spoils/spoil.ts'
import { SPOILS } from './spoils/spoils.ts'

// POSTERN_EXPLAIN=5 draws five deliveries of each sender, and applies all spoils to each: 30,000 results.
const SEEDS = Number(process.env['POSTERN_EXPLAIN'] ?? 0)
const EVERY = SEEDS === 0 ? 31 : 1

describe('each sender that can sign, with payloads, writers and secrets that are drawn', () => {
  for (let seed = 0; seed < Math.max(1, SEEDS); seed++) {
    const all = [...drawn(`draw ${seed}`)]

    test(`no clean delivery is accused, draw ${seed}`, async () => {
      const accused: string[] = []
      for (const { sealed, content } of all) {
        const { verdict, findings } = await explained(clean(sealed))
        if (verdict !== 'accepted' || findings.length > 0)
          accused.push(`${sealed.sender}, ${content}: ${findings[0]?.cause}`)
      }
      expect(all).toHaveLength(164)
      expect(accused).toEqual([])
    })

    test(`each spoil is named first, draw ${seed}`, async () => {
      const cells: Cell[] = []
      let count = 0
      for (const { sealed } of all)
        for (const spoil of SPOILS) {
          if (count++ % EVERY !== 0) continue
          const cell = await audited(spoil, sealed)
          if (cell) cells.push(cell)
        }
      console.log(timesOf(cells))
      expect(cells.filter(({ right }) => !right).map(({ said }) => said)).toEqual([])
    }, 3_600_000)
  }
})

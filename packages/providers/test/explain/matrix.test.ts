import { explain } from '@postern/core/explain'
import { describe, expect, test } from 'vitest'
import { sealedOf } from './sealed.ts'
import { clean, type Spoilt } from './spoil.ts'
import { SPOILS } from './spoils.ts'

const SEALED = sealedOf()

// A busy machine must not end a search that would have found its proof; if nothing can be proven, no long one is worth it.
async function explained({ request, provider, now }: Spoilt, loses = false) {
  return explain(request, provider, { now: () => now, ms: loses ? 200 : 5000 })
}

describe('one spoil', () => {
  const cells: string[][] = []
  const times: number[] = []
  test('each is named first, and proven unless it loses information', async () => {
    const wrong: string[] = []
    let refused = 0
    for (const spoil of SPOILS) {
      const row = [`${spoil.cause} (${spoil.name})`]
      for (const sealed of SEALED) {
        const spoilt = spoil.apply(clean(sealed), sealed)
        const found = spoilt && (await explained(spoilt, spoil.loses))
        if (!found || found.verdict === 'accepted') {
          row.push(found ? 'taken' : '')
          continue
        }
        refused++
        times.push(found.stats.ms)
        const first = found.findings[0]
        const right = first?.cause === spoil.cause && (spoil.loses || first.certainty === 'proven')
        row.push(`${right ? '' : '✕ '}${Math.round(found.stats.ms)}`)
        if (!right)
          wrong.push(
            `${sealed.sender} ${spoil.name}: ${first?.cause} ${first?.certainty}, tried ${found.stats.attempts}, ${found.code}`,
          )
        const said = JSON.stringify(found)
        for (const secret of [sealed.secret, spoilt.secret]) expect(said).not.toContain(secret)
      }
      cells.push(row)
    }
    const slow = times.toSorted((a, b) => a - b)
    console.log(
      table([['ms, by sender', ...SEALED.map(({ sender }) => sender.slice(0, 9))], ...cells]),
    )
    console.log(
      `${refused} refused, ${wrong.length} wrong; p50 ${slow[slow.length >> 1]} ms, p90 ${slow[Math.floor(slow.length * 0.9)]} ms, longest ${slow.at(-1)} ms`,
    )
    expect(wrong).toEqual([])
  }, 120_000)

  test.for(SEALED)('a clean delivery of $sender is accused of nothing', async (sealed) => {
    expect(await explained(clean(sealed))).toMatchObject({ verdict: 'accepted', findings: [] })
  })
})

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
        .join('  '),
    )
    .join('\n')
}

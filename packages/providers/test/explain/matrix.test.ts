import { describe, expect, test } from 'vitest'
import { audited, explained, timesOf, type Cell } from './audit.ts'
import { sealedOf } from './sealed.ts'
import { clean } from './spoils/spoil.ts'
import { SPOILS } from './spoils/spoils.ts'

const SEALED = sealedOf()
// One cell in five, each spoil and each sender among them: POSTERN_MATRIX=1 fills the whole table, in two minutes.
const EVERY = Number(process.env['POSTERN_MATRIX'] ?? 5)

describe('one spoil', () => {
  test('each is named first, and proven unless it loses information', async () => {
    const rows: string[][] = []
    const cells: Cell[] = []
    for (const [line, spoil] of SPOILS.entries()) {
      const row = [`${spoil.cause} (${spoil.name})`]
      for (const [column, sealed] of SEALED.entries()) {
        const isTaken = (line + column) % EVERY === 0
        const cell = isTaken ? await audited(spoil, sealed) : undefined
        row.push(isTaken ? shown(cell) : '·')
        if (cell) cells.push(cell)
      }
      rows.push(row)
    }
    console.log(
      table([['ms, by sender', ...SEALED.map(({ sender }) => sender.slice(0, 9))], ...rows]),
    )
    console.log(timesOf(cells))
    expect(cells.filter(({ right }) => !right).map(({ said }) => said)).toEqual([])
  }, 600_000)

  test.for(SEALED)('a clean delivery of $sender is accused of nothing', async (sealed) => {
    expect(await explained(clean(sealed))).toMatchObject({ verdict: 'accepted', findings: [] })
  })
})

function shown(cell: Cell | undefined): string {
  if (!cell) return ''
  return cell.accepted ? 'taken' : `${cell.right ? '' : '✕ '}${Math.round(cell.ms)}`
}

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
